package store

import (
	"context"
	"time"

	"tocsin/incidents"
)

// LeaseSends reserves a stretch of an account's time; see incidents.Providers.
// Stretches never overlap, so that all processes together keep the rate.
func (s *Store) LeaseSends(ctx context.Context, ask incidents.LeaseAsk) (l incidents.SendLease, err error) {
	err = s.together(ctx, func(t *tx) error {
		l, err = t.leaseSends(ask)
		return err
	})
	return l, err
}

func (t *tx) leaseSends(ask incidents.LeaseAsk) (l incidents.SendLease, err error) {
	if err := t.providerRow(ask.Account, ask.Now); err != nil {
		return l, err
	}
	var free, paused, minute, n, before int64
	_, err = t.one(`SELECT next_free, paused_until, minute, minute_n, before_n FROM provider_accounts WHERE account = $1`+t.forUpdate(),
		args{ask.Account}, &free, &paused, &minute, &n, &before)
	if err != nil {
		return l, err
	}
	now := ask.Now.UnixMicro()
	switch {
	case paused > ms(ask.Now):
		l.Paused = fromMS(paused)
	case ask.Want > 0 && ask.PerSecond > 0:
		from := max(now, free)
		l.Sends, l.From = ask.Want, time.UnixMicro(from).UTC()
		l.Every = time.Duration(float64(time.Second) / ask.PerSecond)
		free = from + int64(float64(ask.Want)*1e6/ask.PerSecond)
	}
	minute, n, before = tally(minute, n, before, ask.Now, ask.Sent)
	_, err = t.run(`UPDATE provider_accounts SET next_free = $1, minute = $2, minute_n = $3, before_n = $4, total = total + $5, per_second = $6 WHERE account = $7`,
		free, minute, n, before, ask.Sent, ask.PerSecond, ask.Account)
	return l, err
}

// tally counts sends by the minute: the present one, and the last whole one.
func tally(minute, n, before int64, now time.Time, sent int64) (m, in, last int64) {
	m = now.Unix() / 60
	switch m {
	case minute:
		return m, n + sent, before
	case minute + 1:
		return m, sent, n
	}
	return m, sent, 0
}

// providerRow makes sure that an account has a row.
func (t *tx) providerRow(account string, now time.Time) error {
	_, err := t.run(`INSERT INTO provider_accounts (account, since) VALUES ($1, $2) ON CONFLICT (account) DO NOTHING`, account, ms(now))
	return err
}

// forUpdate locks the row that is read; SQLite has one writer.
func (t *tx) forUpdate() string {
	if t.postgres() {
		return ` FOR UPDATE`
	}
	return ``
}

// PauseProvider keeps everybody away from an account; see incidents.Providers.
func (s *Store) PauseProvider(ctx context.Context, account string, until time.Time) error {
	return s.together(ctx, func(t *tx) error {
		if err := t.providerRow(account, t.now()); err != nil {
			return err
		}
		_, err := t.run(`UPDATE provider_accounts SET paused_until = $1, pauses = pauses + 1 WHERE account = $2 AND paused_until < $1`, ms(until), account)
		return err
	})
}

// ReportProvider writes down how an account was found; see incidents.Providers.
func (s *Store) ReportProvider(ctx context.Context, r incidents.ProviderReport) error {
	return s.together(ctx, func(t *tx) error {
		if err := t.providerRow(r.Account, r.At); err != nil {
			return err
		}
		_, err := t.run(`UPDATE provider_accounts SET channel = $1, since = CASE WHEN state = $2 THEN since ELSE $3 END, state = $2,
			error_at = CASE WHEN $4 = '' THEN error_at ELSE $3 END, last_error = CASE WHEN $4 = '' THEN last_error ELSE $4 END WHERE account = $5`,
			string(r.Channel), r.State, ms(r.At), r.Error, r.Account)
		return err
	})
}

// ProviderHealth lists what is known of the accounts.
func (s *Store) ProviderHealth(ctx context.Context) (out []incidents.ProviderHealth, err error) {
	err = s.read(ctx, func(t *tx) error {
		out = nil
		now := t.now()
		return t.rows(`SELECT account, channel, state, since, paused_until, pauses, last_error, error_at, per_second, minute, minute_n, before_n, total
			FROM provider_accounts ORDER BY account`, nil, func(r scanner) error {
			var h incidents.ProviderHealth
			var since, paused, failed, minute, n, before int64
			var channel string
			err := r.Scan(&h.Account, &channel, &h.State, &since, &paused, &h.Pauses, &h.LastError, &failed, &h.PerSecond, &minute, &n, &before, &h.Total)
			h.Channel, h.Since = incidents.Channel(channel), fromMS(since)
			_, _, h.Minute = tally(minute, n, before, now, 0)
			if paused > ms(now) {
				at := fromMS(paused)
				h.PausedUntil = &at
			}
			if failed > 0 {
				at := fromMS(failed)
				h.LastErrorAt = &at
			}
			out = append(out, h)
			return err
		})
	})
	return out, err
}
