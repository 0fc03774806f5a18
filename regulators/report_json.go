package regulators

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"tocsin/incidents"
)

// reportDocument is a report as JSON; forms/report.schema.json describes it.
type reportDocument struct {
	Report     reportHead               `json:"report"`
	Incident   reportIncident           `json:"incident"`
	Form       string                   `json:"form"`
	Phase      incidents.ReportPhase    `json:"phase"`
	Lang       incidents.Lang           `json:"lang"`
	Authority  string                   `json:"authority"`
	Obligation string                   `json:"obligation"`
	Follows    string                   `json:"follows,omitempty"`
	Fields     []reportDocumentField    `json:"fields"`
	Changes    []reportDocumentChange   `json:"changes"` // since the report before
	Open       int                      `json:"open"`
	Hash       string                   `json:"hash"`
	HashHolds  bool                     `json:"hash_holds"`
	Approvals  []reportDocumentApproval `json:"approvals"`
	Filing     *reportDocumentFiling    `json:"filing"`
	Disclaimer string                   `json:"disclaimer"`
}

type reportHead struct {
	No           string                 `json:"no"`
	Version      int                    `json:"version"`
	Status       incidents.ReportStatus `json:"status"`
	Title        string                 `json:"title"`
	Organisation string                 `json:"organisation"`
	Made         time.Time              `json:"made"`
}

type reportIncident struct {
	ID       incidents.IncidentID `json:"id"`
	Ref      string               `json:"ref"`
	Mode     incidents.Mode       `json:"mode"`
	FactsRev int                  `json:"facts_rev"`
}

type reportDocumentField struct {
	incidents.ReportField
	Question string         `json:"question,omitempty"` // of an open field
	Template *templateField `json:"template,omitempty"` // the field of the common template it answers
}

type reportDocumentChange struct {
	Key  string `json:"key"`
	Was  string `json:"was"`
	Now  string `json:"now"`
	Text string `json:"text"` // in words
}

type reportDocumentApproval struct {
	Decision string         `json:"decision"`
	By       string         `json:"by"`
	Role     incidents.Role `json:"role"`
	At       time.Time      `json:"at"`
	Hash     string         `json:"hash"`
	Comment  string         `json:"comment,omitempty"`
	Void     string         `json:"void,omitempty"`
}

type reportDocumentFiling struct {
	At            time.Time `json:"at"`
	By            string    `json:"by"`
	Channel       string    `json:"channel"`
	Reference     string    `json:"reference"`
	ReceiptName   string    `json:"receipt_name,omitempty"`
	ReceiptSHA256 string    `json:"receipt_sha256,omitempty"`
}

func (r *Reports) renderJSON(c incidents.ReportContent, m incidents.ReportMeta) ([]byte, error) {
	d := reportDocument{
		Report:   reportHead{No: "R-" + strconv.FormatInt(m.No, 10), Version: m.Version, Status: m.Status, Title: c.Title, Organisation: m.Org, Made: m.Made.UTC()},
		Incident: reportIncident{ID: c.Incident, Ref: m.Ref, Mode: c.Mode, FactsRev: c.FactsRev},
		Form:     c.Form, Phase: c.Phase, Lang: c.Lang, Authority: c.Authority, Obligation: c.Obligation, Follows: c.Follows,
		Fields: []reportDocumentField{}, Changes: []reportDocumentChange{}, Open: len(c.Missing()), Hash: m.Hash, HashHolds: m.Hash == c.Hash(),
		Approvals: []reportDocumentApproval{}, Disclaimer: r.wordsOf(c.Lang).Words["disclaimer"],
	}
	for _, f := range c.Fields {
		x := reportDocumentField{ReportField: f}
		if f.Missing {
			x.Question = r.Question(c, f)
		}
		if form := r.forms[c.Form]; form != nil {
			x.Template = form.template(f.Key)
		}
		d.Fields = append(d.Fields, x)
	}
	for _, f := range c.Changes() {
		d.Changes = append(d.Changes, reportDocumentChange{f.Key, f.Was, f.Value, changeText(r.wordsOf(c.Lang), f)})
	}
	for _, a := range m.Approved {
		d.Approvals = append(d.Approvals, reportDocumentApproval{a.Decision, a.ByName, a.Role, a.At.UTC(), a.Subject.Hash, a.Comment, a.Void})
	}
	if f := m.Filed; f != nil {
		d.Filing = &reportDocumentFiling{f.At.UTC(), f.ByName, f.Channel, f.Reference, f.ReceiptName, f.ReceiptSHA256}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(d)
	return b.Bytes(), err
}
