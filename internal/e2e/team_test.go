package e2e

import (
	"testing"
	"time"

	"tocsin/internal/settings"
	"tocsin/internal/standin"
	"tocsin/internal/store/storetest"
)

// The first relay is down for good: the team hears of a burning clock by the second.
func TestTheTeamIsMailedByTheSecondRelay(t *testing.T) {
	other, err := standin.NewMail()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	h := openHouse(t, storetest.SQLite, func(s *settings.Settings) {
		s.Escalation.Email = []string{"team@example.com"}
		s.Channels.Email.Second = s.Channels.Email.SMTP
		s.Channels.Email.SMTP.Address, s.Channels.Email.Second.Address = freePort(t), other.Addr
	})
	h.incident(time.Now().UTC().Add(-40 * time.Hour))
	h.eventually("a mail to the team", func() bool { return other.Count() > 0 })
	if to := other.Letters()[0].Header("To"); to != "<team@example.com>" {
		t.Errorf("the mail is to %s", to)
	}
}
