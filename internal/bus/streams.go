package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"tocsin/incidents"
)

// The streams.
const (
	Intake   = "INTAKE"   // intake.<source>: alerts that came straight to the bus, or ids of those the hook committed
	Dispatch = "DISPATCH" // dispatch.>: chunks of persons to be told; each is done once
	Receipts = "RECEIPTS" // receipts.>: what providers reported
	News     = "NEWS"     // incidents.<event>.v1: what happened, for pages that watch
)

// newsMost bounds the news, of which the oldest go first: they only wake.
const newsMost = 256 << 20

// streams lists what Open creates. Age and size bound the disk, never a
// promise: the database holds what is promised. A collector alone is promised
// its alert by the stream, so a full intake refuses the next one and drops
// none, and takes no room from the dispatch.
func streams(o Options) []jetstream.StreamConfig {
	const day = 24 * time.Hour
	cs := []jetstream.StreamConfig{
		{Name: Intake, Subjects: []string{"intake.>"}, Retention: jetstream.LimitsPolicy, MaxAge: 7 * day, MaxBytes: o.MaxIntake, Discard: jetstream.DiscardNew},
		{Name: Dispatch, Subjects: []string{"dispatch.>"}, Retention: jetstream.WorkQueuePolicy, MaxBytes: -1},
		{Name: Receipts, Subjects: []string{"receipts.>"}, Retention: jetstream.LimitsPolicy, MaxAge: 7 * day, MaxBytes: -1},
		{Name: News, Subjects: []string{"incidents.>"}, Retention: jetstream.LimitsPolicy, MaxAge: day, MaxBytes: min(newsMost, o.MaxStore/8)},
	}
	for i := range cs {
		cs[i].Storage = jetstream.FileStorage
		cs[i].Replicas = o.copies()
		cs[i].AllowAtomicPublish = true
		cs[i].DenyPurge = false
	}
	return cs
}

// copies is how many servers are to hold each stream.
func (o Options) copies() int {
	switch {
	case o.Replicas > 0:
		return o.Replicas
	case o.URL != "":
		return 3
	}
	return 1
}

// ensureStreams creates what is missing and brings the rest up to date.
func ensureStreams(ctx context.Context, js jetstream.JetStream, o Options, known []string) error {
	for _, c := range streams(o) {
		if err := ensureStream(ctx, js, o, known, c); err != nil {
			return fmt.Errorf("bus stream %s: %w", c.Name, err)
		}
	}
	return rememberStreams(ctx, o, known)
}

func ensureStream(ctx context.Context, js jetstream.JetStream, o Options, known []string, c jetstream.StreamConfig) error {
	stream, err := js.Stream(ctx, c.Name)
	if err == nil {
		return updateStream(ctx, js, o, stream.CachedInfo().Config, c)
	}
	if !errors.Is(err, jetstream.ErrStreamNotFound) {
		return err
	}
	if err := mayCreate(o, known, c.Name); err != nil {
		return err
	}
	_, err = js.CreateStream(ctx, c)
	if o.Replicas == 0 && tooFewServers(err) {
		c.Replicas = 1
		_, err = js.CreateStream(ctx, c)
	}
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		return nil // another process of ours was faster
	}
	if err == nil {
		o.Log.Info("bus stream is made", "stream", c.Name, "copies", c.Replicas)
	}
	return hinted(err)
}

// updateStream brings a stream up to date. Where nobody said how many copies
// there are to be, it never has fewer than before.
func updateStream(ctx context.Context, js jetstream.JetStream, o Options, is, want jetstream.StreamConfig) error {
	if o.Replicas == 0 {
		want.Replicas = max(want.Replicas, is.Replicas)
	}
	if same(is, want) {
		return nil
	}
	_, err := js.UpdateStream(ctx, want)
	if o.Replicas == 0 && tooFewServers(err) {
		if want.Replicas = is.Replicas; same(is, want) {
			return nil
		}
		_, err = js.UpdateStream(ctx, want)
	}
	return hinted(err)
}

// The server's words for more copies than it has servers.
// Source: nats-server, errors.json.
const (
	noPeers         jetstream.ErrorCode = 10005
	noRoomForCopies jetstream.ErrorCode = 10023
	notACluster     jetstream.ErrorCode = 10074
)

func tooFewServers(err error) bool {
	var e *jetstream.APIError
	return errors.As(err, &e) && slices.Contains([]jetstream.ErrorCode{noPeers, noRoomForCopies, notACluster}, e.ErrorCode)
}

// hinted says what to do where the cluster is too small.
func hinted(err error) error {
	if !tooFewServers(err) {
		return err
	}
	e := incidents.Unavailable("the cluster has no servers for so many copies: %v", err).On("bus.replicas").
		WithHint("start the missing servers, or leave bus.replicas out")
	e.Err = err
	return e
}

// same tells whether a stream is as we want it. Writing the same again is not
// harmless: the server writes a stream's description and its checksum one after
// the other, and a process killed between the two cannot read its stream.
func same(is, want jetstream.StreamConfig) bool {
	return slices.Equal(is.Subjects, want.Subjects) && is.Retention == want.Retention && is.MaxAge == want.MaxAge && is.MaxBytes == want.MaxBytes && is.Discard == want.Discard && is.Storage == want.Storage &&
		is.Replicas == want.Replicas && is.AllowAtomicPublish == want.AllowAtomicPublish && is.DenyPurge == want.DenyPurge
}

// rememberStreams tells the database which streams exist, so that none of them
// is ever created anew over data that cannot be read.
func rememberStreams(ctx context.Context, o Options, known []string) error {
	if o.URL != "" {
		return nil
	}
	var names []string
	for _, c := range streams(o) {
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
