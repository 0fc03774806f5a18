package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The streams.
const (
	Intake   = "INTAKE"   // intake.<source>: alerts that came straight to the bus, or ids of those the hook committed
	Dispatch = "DISPATCH" // dispatch.>: chunks of persons to be told; each is done once
	Receipts = "RECEIPTS" // receipts.>: what providers reported
	News     = "NEWS"     // incidents.<event>.v1: what happened, for pages that watch
)

// streams lists what Open creates. Age bounds the disk, never a promise: the
// database holds what is promised.
func streams(replicas int) []jetstream.StreamConfig {
	const day = 24 * time.Hour
	cs := []jetstream.StreamConfig{
		{Name: Intake, Subjects: []string{"intake.>"}, Retention: jetstream.LimitsPolicy, MaxAge: 7 * day},
		{Name: Dispatch, Subjects: []string{"dispatch.>"}, Retention: jetstream.WorkQueuePolicy},
		{Name: Receipts, Subjects: []string{"receipts.>"}, Retention: jetstream.LimitsPolicy, MaxAge: 7 * day},
		{Name: News, Subjects: []string{"incidents.>"}, Retention: jetstream.LimitsPolicy, MaxAge: day},
	}
	for i := range cs {
		cs[i].Storage = jetstream.FileStorage
		cs[i].Replicas = max(1, replicas)
		cs[i].AllowAtomicPublish = true
		cs[i].DenyPurge = false
	}
	return cs
}

// ensureStreams creates what is missing and brings the rest up to date.
func ensureStreams(ctx context.Context, js jetstream.JetStream, o Options, known []string) error {
	for _, c := range streams(o.Replicas) {
		if err := ensureStream(ctx, js, o, known, c); err != nil {
			return fmt.Errorf("bus stream %s: %w", c.Name, err)
		}
	}
	return rememberStreams(ctx, o, known)
}

func ensureStream(ctx context.Context, js jetstream.JetStream, o Options, known []string, c jetstream.StreamConfig) error {
	stream, err := js.Stream(ctx, c.Name)
	switch {
	case err == nil && same(stream.CachedInfo().Config, c):
		return nil
	case err == nil:
		_, err = js.UpdateStream(ctx, c)
		return err
	case !errors.Is(err, jetstream.ErrStreamNotFound):
		return err
	}
	if err := mayCreate(o, known, c.Name); err != nil {
		return err
	}
	_, err = js.CreateStream(ctx, c)
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		return nil // another process of ours was faster
	}
	return err
}

// same tells whether a stream is as we want it. Writing the same again is not
// harmless: the server writes a stream's description and its checksum one after
// the other, and a process killed between the two cannot read its stream.
func same(is, want jetstream.StreamConfig) bool {
	return slices.Equal(is.Subjects, want.Subjects) && is.Retention == want.Retention && is.MaxAge == want.MaxAge && is.Storage == want.Storage &&
		is.Replicas == want.Replicas && is.AllowAtomicPublish == want.AllowAtomicPublish && is.DenyPurge == want.DenyPurge
}

// rememberStreams tells the database which streams exist, so that none of them
// is ever created anew over data that cannot be read.
func rememberStreams(ctx context.Context, o Options, known []string) error {
	if o.URL != "" {
		return nil
	}
	var names []string
	for _, c := range streams(1) {
		names = append(names, c.Name)
	}
	if slices.Equal(names, known) {
		return nil
	}
	sealed, err := sealCanary(o.Key)
	if err != nil {
		return err
	}
	if err := o.Canary.SaveCanary(ctx, sealed, names); err != nil {
		return fmt.Errorf("save bus canary: %w", err)
	}
	return nil
}
