package incidents

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"
)

// DraftReport fills the form of an authority from the facts, for one phase.
func (d *Desk) DraftReport(ctx context.Context, a Actor, id IncidentID, obligation string, phase ReportPhase) (r Report, err error) {
	switch {
	case !slices.Contains(Phases(), phase):
		return r, Invalid("the phase is initial, update, final or withdrawal").On("phase")
	case phase == PhaseWithdrawal:
		return r, Invalid("a withdrawal needs a reason").On("reason").WithHint("say why the report proved unfounded")
	}
	return d.draftReport(ctx, a, id, obligation, phase, "")
}

// DraftWithdrawal drafts the taking back of what was filed last for a duty,
// because it proved unfounded. An officer approves it like any report.
func (d *Desk) DraftWithdrawal(ctx context.Context, a Actor, id IncidentID, obligation, reason string) (r Report, err error) {
	if reason = strings.TrimSpace(reason); reason == "" {
		return r, Invalid("a withdrawal needs a reason").On("reason").WithHint("say why the report proved unfounded")
	}
	if len(reason) > 20000 {
		return r, Invalid("keep the reason under 20,000 characters").On("reason")
	}
	return d.draftReport(ctx, a, id, obligation, PhaseWithdrawal, reason)
}

func (d *Desk) draftReport(ctx context.Context, a Actor, id IncidentID, obligation string, phase ReportPhase, reason string) (r Report, err error) {
	err = d.write(ctx, a, ActDraft, func(tx Tx) error {
		in, err := openIncident(tx, id)
		if err != nil {
			return err
		}
		o, err := obligation1(tx, id, obligation)
		if err != nil {
			return err
		}
		if o.Audience == AudienceIndividuals || o.Audience == AudiencePublic {
			return Invalid("“%s” is not met by a report", o.Title).On("obligation").WithHint("write a notice or an announcement")
		}
		if err := d.keepDuties(tx, id, obligation); err != nil {
			return err
		}
		prev, err := lastFiled(tx, id, obligation)
		if err != nil {
			return err
		}
		if phase != PhaseInitial && prev == nil {
			return Conflict("no initial report was filed for this obligation yet").WithHint("file the initial report first")
		}
		if phase != PhaseInitial && prev.Content.Phase == PhaseWithdrawal {
			return Conflict("the report to this authority was withdrawn").WithHint("if there is something to report after all, draft an initial report")
		}
		no, err := tx.Next("report")
		if err != nil {
			return err
		}
		r = Report{ID: ReportID(d.NewID()), No: no, IncidentID: id, Author: a.ID, CreatedAt: d.Now().UTC().Truncate(time.Second)}
		taken := map[string]string{FieldWithdrawalReason: reason, FieldWithdrawnBy: a.Name}
		if err := d.fillReport(tx, a, in, &r, o.Obligation, phase, prev, taken); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "report.drafted", incident: id, subject: string(r.ID), line: "Drafted report R-" + itoa(no) + " (" + string(phase) + ") for " + o.Law + ".", quote: reason,
			data: map[string]string{"no": itoa(no), "phase": string(phase), "obligation": obligation, "hash": r.Hash}})
	})
	return r, err
}

func lastFiled(tx Tx, id IncidentID, obligation string) (*Report, error) {
	all, err := tx.Reports(ReportFilter{Incident: id, Status: []ReportStatus{ReportFiled}})
	if err != nil {
		return nil, err
	}
	var last *Report
	for i, r := range all {
		if r.Content.Obligation == obligation && (last == nil || r.Filed.At.After(last.Filed.At)) {
			last = &all[i]
		}
	}
	return last, nil
}

// fillReport fills a report anew. taken are the answers of a withdrawal that
// only a person can give.
func (d *Desk) fillReport(tx Tx, a Actor, in Incident, r *Report, o Obligation, phase ReportPhase, prev *Report, taken map[string]string) error {
	f, err := tx.Facts(in.ID)
	if err != nil {
		return err
	}
	form := o.Report
	if form == "" {
		form = "general" // the authority has no form on file: what the duty asks for, in order
	}
	if prev != nil && prev.Content.Phase == PhaseWithdrawal {
		prev = nil // what was withdrawn is not followed up
	}
	var before *ReportContent
	if prev != nil {
		before = &prev.Content
	}
	c, err := d.Reports.Fill(form, phase, in, f, o, before)
	if err != nil {
		return err
	}
	if prev != nil {
		c.Follows = prev.Filed.Reference
	}
	if phase == PhaseWithdrawal {
		takeBack(&c, taken)
	}
	return d.putReport(tx, a, r, c)
}

// takeBack answers the questions of a withdrawal.
func takeBack(c *ReportContent, taken map[string]string) {
	answers := map[string]string{FieldWithdrawn: c.Follows, FieldWithdrawalReason: taken[FieldWithdrawalReason], FieldWithdrawnBy: taken[FieldWithdrawnBy]}
	for i := range c.Fields {
		f := &c.Fields[i]
		if v := answers[f.Key]; v != "" {
			f.Value, f.Missing, f.Edited = v, false, f.Key == FieldWithdrawalReason
		}
	}
}

func (d *Desk) putReport(tx Tx, a Actor, r *Report, c ReportContent) error {
	r.Content, r.Hash = c, c.Hash()
	r.Version++
	r.Status, r.Stale, r.UpdatedAt = ReportDraft, "", d.Now().UTC().Truncate(time.Second)
	r.Findings, r.Accepted, r.AcceptedName = nil, "", ""
	if !slices.Contains(r.Editors, a.ID) {
		r.Editors = append(slices.Clone(r.Editors), a.ID)
	}
	return tx.PutReport(*r)
}

// EditReport types over fields of a draft, or with refill reads the facts again.
func (d *Desk) EditReport(ctx context.Context, a Actor, id ReportID, base int, values map[string]string, refill bool) (r Report, err error) {
	err = d.write(ctx, a, ActDraft, func(tx Tx) error {
		if r, err = tx.Report(id); err != nil {
			return err
		}
		switch {
		case r.Version != base:
			return Conflict("version %d was written meanwhile, the form showed %d", r.Version, base).WithHint("look at the present version and edit that")
		case r.Status == ReportFiled:
			return Conflict("report R-%d was filed", r.No).WithHint("draft an update")
		}
		if _, err := tx.VoidApprovals(SubjectReport, string(id), "the report was edited"); err != nil {
			return err
		}
		if refill {
			if err := d.refill(tx, a, &r); err != nil {
				return err
			}
		}
		c := r.Content
		c.Fields = slices.Clone(c.Fields)
		for key, v := range values {
			i := slices.IndexFunc(c.Fields, func(f ReportField) bool { return f.Key == key })
			if i < 0 {
				return Invalid("the form has no field %q", key).On(key)
			}
			if len(v) > 20000 {
				return Invalid("keep the field under 20,000 characters").On(key)
			}
			if f := &c.Fields[i]; f.Value != v {
				f.Value, f.Edited, f.Missing = v, true, strings.TrimSpace(v) == ""
			}
		}
		if err := compareFiled(tx, r.IncidentID, &c, values); err != nil {
			return err
		}
		if err := d.putReport(tx, a, &r, c); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "report.edited", incident: r.IncidentID, subject: string(id), line: "Edited report R-" + itoa(r.No) + " (version " + itoa(r.Version) + ").",
			data: map[string]string{"version": itoa(r.Version), "hash": r.Hash}})
	})
	return r, err
}

func (d *Desk) refill(tx Tx, a Actor, r *Report) error {
	in, err := tx.Incident(r.IncidentID)
	if err != nil {
		return err
	}
	o, err := obligation1(tx, r.IncidentID, r.Content.Obligation)
	if err != nil {
		return err
	}
	prev, err := lastFiled(tx, r.IncidentID, r.Content.Obligation)
	if err != nil {
		return err
	}
	taken := map[string]string{}
	for _, key := range []string{FieldWithdrawalReason, FieldWithdrawnBy} {
		f, _ := r.Content.Field(key)
		taken[key] = f.Value
	}
	return d.fillReport(tx, a, in, r, o.Obligation, r.Content.Phase, prev, taken)
}

// compareFiled marks anew what differs from the report filed before, of the
// fields that were typed over.
func compareFiled(tx Tx, id IncidentID, c *ReportContent, values map[string]string) error {
	if !c.Phase.FollowsUp() || len(values) == 0 {
		return nil
	}
	prev, err := lastFiled(tx, id, c.Obligation)
	if err != nil || prev == nil {
		return err
	}
	for i := range c.Fields {
		f := &c.Fields[i]
		if _, typed := values[f.Key]; !typed {
			continue
		}
		old, _ := prev.Content.Field(f.Key)
		f.Changed, f.Was = old.Value != f.Value, ""
		if f.Changed {
			f.Was = old.Value
		}
	}
	return nil
}

// SubmitReport hands a report to the officers. Unanswered fields are allowed
// in an initial report (the law allows phases) but not in a final one or in a
// withdrawal. When it contradicts what people are told, accept says why it is
// submitted all the same; the officer reads both.
func (d *Desk) SubmitReport(ctx context.Context, a Actor, id ReportID, accept string) (r Report, err error) {
	err = d.write(ctx, a, ActDraft, func(tx Tx) error {
		if r, err = tx.Report(id); err != nil {
			return err
		}
		if r.Status != ReportDraft {
			return Conflict("report R-%d is %s", r.No, r.Status)
		}
		if r.Stale != "" {
			return Conflict("report R-%d is stale: %s", r.No, r.Stale).WithHint("fill it again from the facts, or save it as it is")
		}
		if err := notReturned(tx, Subject{SubjectReport, string(id), r.Version, r.Hash}); err != nil {
			return err
		}
		if m := r.Content.Missing(); len(m) > 0 && (r.Content.Phase == PhaseFinal || r.Content.Phase == PhaseWithdrawal) {
			return Invalid("a %s has no open fields; “%s” is empty", pick(r.Content.Phase == PhaseFinal, "final report", "withdrawal"), m[0].Label).On(m[0].Key)
		}
		if err := d.accept(tx, a, &r, accept); err != nil {
			return err
		}
		r.Status, r.UpdatedAt = ReportSubmitted, d.Now().UTC().Truncate(time.Second)
		if err := tx.PutReport(r); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "report.submitted", incident: r.IncidentID, subject: string(id), line: "Submitted report R-" + itoa(r.No) + " version " + itoa(r.Version) + " for approval" + contradicting(len(r.Findings)) + ".",
			quote: r.Accepted, data: map[string]string{"version": itoa(r.Version), "hash": r.Hash, "findings": itoa(len(r.Findings))}})
	})
	return r, err
}

// FileReport records that an approved report was handed to the authority, with
// its reference number and the receipt. It meets the obligation.
func (d *Desk) FileReport(ctx context.Context, a Actor, id ReportID, filing Filing, receipt io.Reader) (r Report, err error) {
	if err := a.May(ActSubmit); err != nil {
		return r, err
	}
	filing.Reference = strings.TrimSpace(filing.Reference)
	now := d.Now().UTC().Truncate(time.Second)
	switch {
	case filing.Reference == "":
		return r, Invalid("enter the authority's reference number").On("reference")
	case !slices.Contains([]string{"portal", "email", "phone", "post"}, filing.Channel):
		return r, Invalid("the channel is portal, email, phone or post").On("channel")
	case filing.At.IsZero():
		filing.At = now
	case filing.At.After(now.Add(time.Minute)):
		return r, Invalid("the time of submission lies ahead").On("at")
	}
	if r, err = d.filable(ctx, a, id); err != nil {
		return r, err
	}
	filing.By, filing.ByName, filing.At = a.ID, a.Name, filing.At.UTC().Truncate(time.Second)
	if receipt != nil {
		ref, err := d.Files.SaveFile(ctx, FileRef{IncidentID: r.IncidentID, Name: filing.ReceiptName, Kind: "receipt", By: a.ID, At: now}, receipt)
		if err != nil {
			return r, err
		}
		filing.Receipt, filing.ReceiptSHA256 = ref.ID, ref.SHA256
	}
	err = d.write(ctx, a, ActSubmit, func(tx Tx) error {
		if r, err = d.filable1(tx, id); err != nil {
			return err
		}
		r.Status, r.Filed, r.UpdatedAt = ReportFiled, &filing, now
		if err := tx.PutReport(r); err != nil {
			return err
		}
		what := pick(r.Content.Phase == PhaseWithdrawal, "withdrawal", "report")
		if err := d.record(tx, a, event{name: "report.filed", incident: r.IncidentID, subject: string(id),
			line: "Filed " + what + " R-" + itoa(r.No) + " by " + filing.Channel + ", reference " + filing.Reference + ".",
			data: map[string]string{"hash": r.Hash, "channel": filing.Channel, "receipt_sha256": filing.ReceiptSHA256, "phase": string(r.Content.Phase), "at": filing.At.Format(time.RFC3339)}}); err != nil {
			return err
		}
		if r.Content.Mode == Drill || r.Content.Phase == PhaseWithdrawal {
			return nil
		}
		return d.meet(tx, a, r.IncidentID, []string{r.Content.Obligation}, filing.At, string(r.ID), "report R-"+itoa(r.No)+" was filed")
	})
	return r, err
}

func (d *Desk) filable(ctx context.Context, a Actor, id ReportID) (Report, error) {
	return read(ctx, d, a, ActSubmit, func(tx Tx) (Report, error) { return d.filable1(tx, id) })
}

// filable1 trusts nothing but the approvals themselves.
func (d *Desk) filable1(tx Tx, id ReportID) (Report, error) {
	r, err := tx.Report(id)
	if err != nil {
		return r, err
	}
	if r.Status != ReportApproved {
		return r, Conflict("report R-%d is %s, not approved", r.No, r.Status)
	}
	hash := r.Content.Hash()
	all, err := tx.Approvals(SubjectReport, string(id))
	if err != nil {
		return r, err
	}
	want := Subject{SubjectReport, string(id), r.Version, hash}
	if hash == r.Hash && len(counting(all, want, r.Editors)) > 0 {
		return r, nil
	}
	return r, Forbidden("report R-%d has no valid approval of this content", r.No)
}

// Report returns one report with its approvals.
func (d *Desk) Report(ctx context.Context, a Actor, id ReportID) (r Report, approvals []Approval, err error) {
	_, err = read(ctx, d, a, ActRead, func(tx Tx) (struct{}, error) {
		if r, err = tx.Report(id); err != nil {
			return struct{}{}, err
		}
		approvals, err = tx.Approvals(SubjectReport, string(id))
		return struct{}{}, err
	})
	return r, approvals, err
}

// ReportByNo returns a report by its number: 4 of R-4.
func (d *Desk) ReportByNo(ctx context.Context, a Actor, no int64) (Report, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) (Report, error) {
		all, err := tx.Reports(ReportFilter{})
		if err != nil {
			return Report{}, err
		}
		for _, r := range all {
			if r.No == no {
				return r, nil
			}
		}
		return Report{}, NotFound("there is no report R-%d", no)
	})
}

// RenderReport writes a report as html, pdf, docx, json or txt.
func (d *Desk) RenderReport(ctx context.Context, a Actor, id ReportID, format string) ([]byte, Report, error) {
	r, approvals, err := d.Report(ctx, a, id)
	if err != nil {
		return nil, r, err
	}
	in, err := d.Find(ctx, a, string(r.IncidentID))
	if err != nil {
		return nil, r, err
	}
	b, err := d.Reports.Render(format, r.Content, ReportMeta{No: r.No, Version: r.Version, Hash: r.Hash, Ref: in.Ref, Org: d.Org, Status: r.Status,
		Made: r.UpdatedAt, Approved: approvals, Filed: r.Filed})
	return b, r, err
}

// OpenFile opens a file kept with an incident, and writes down who looked.
func (d *Desk) OpenFile(ctx context.Context, a Actor, id FileID) (FileRef, io.ReadCloser, error) {
	if err := a.May(ActPersons); err != nil {
		if err := a.May(ActEvidence); err != nil {
			return FileRef{}, nil, err
		}
	}
	ref, rc, err := d.Files.OpenFile(ctx, id)
	if err != nil {
		return ref, nil, err
	}
	if ref.Kind == "rejects" && a.May(ActPersons) != nil {
		rc.Close()
		return ref, nil, Forbidden("rejected rows hold personal data; the role %q may not see them", a.Role)
	}
	err = d.Store.Write(ctx, func(tx Tx) error {
		return d.record(tx, a, event{name: "file.opened", incident: ref.IncidentID, subject: string(id), data: map[string]string{"kind": ref.Kind, "sha256": ref.SHA256}})
	})
	if err != nil {
		rc.Close()
		return ref, nil, err
	}
	return ref, rc, nil
}
