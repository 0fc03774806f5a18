package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"tocsin/bench/lists"
	"tocsin/incidents"
	"tocsin/internal/pace"
	"tocsin/internal/roster"
)

// importing takes a list in as the console does: read, normalised, sealed,
// deduplicated, committed and synced.
func importing(ctx context.Context, t task) (f figure, err error) {
	pace.Set()
	h, err := open(ctx, t)
	if err != nil {
		return f, err
	}
	defer h.close()
	list, want, err := listFile(filepath.Join(t.Dir, "list.csv"), int64(t.Persons))
	if err != nil {
		return f, err
	}
	defer list.Close()
	in := incidents.Incident{ID: "i1", Ref: "INC-2026-0001", Kind: incidents.KindTermination, Title: "Measured", Mode: incidents.Live, Status: incidents.IncidentOpen}
	if err := h.s.Write(ctx, func(tx incidents.Tx) error { return tx.PutIncident(in) }); err != nil {
		return f, err
	}
	desk := incidents.NewDesk(incidents.Deps{Store: h.s, Roll: h.s, Files: h.s, Lists: roster.Lists{DefaultPlace: "US"}, Now: time.Now, NewID: h.newID})
	debug.FreeOSMemory()
	begun, used := time.Now(), cpu()
	im, err := desk.ImportList(ctx, incidents.Actor{ID: "rita", Name: "Rita", Role: incidents.RoleResponder, Via: "bench"}, in.ID, incidents.ListUpload{Name: "list.csv", Body: list})
	if err != nil {
		return f, err
	}
	f.Messages, f.Seconds, f.CPU = im.Rows, time.Since(begun).Seconds(), cpu()-used
	if got := (lists.Counts{Rows: im.Rows, Persons: im.Imported, Duplicates: im.Duplicates, Rejected: im.Rejected, Unreachable: im.Unreachable}); got != want {
		return f, fmt.Errorf("the import made %+v of the list; want %+v", got, want)
	}
	return f, nil
}

// listFile writes a list and opens it.
func listFile(path string, rows int64) (f *os.File, want lists.Counts, err error) {
	if f, err = os.Create(path); err != nil {
		return nil, want, err
	}
	if want, err = lists.Write(f, rows); err == nil {
		_, err = f.Seek(0, 0)
	}
	if err != nil {
		f.Close()
	}
	return f, want, err
}
