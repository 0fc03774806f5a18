package demo

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"tocsin/incidents"
	"tocsin/internal/app"
)

// A Member is one person of the demonstration's team.
type Member struct {
	Name     string         `json:"name"`
	Role     incidents.Role `json:"role"`
	Password string         `json:"password"`
	Secret   string         `json:"totp_secret"`
	URL      string         `json:"totp_url"`
	actor    incidents.Actor
}

var roster = []struct {
	name, display string
	role          incidents.Role
}{
	{"rita", "Rita Reyes", incidents.RoleResponder},
	{"olga", "Olga Holt", incidents.RoleOfficer},
	{"oscar", "Oscar Brandt", incidents.RoleOfficer},
	{"carla", "Carla Vik", incidents.RoleComms},
	{"wes", "Wes Lim", incidents.RoleOwner},
	{"ada", "Ada Stern", incidents.RoleAuditor},
	{"adam", "Adam Reed", incidents.RoleAdmin},
}

// team makes the accounts and signs everybody in, with a second factor each.
func team(ctx context.Context, a *app.App, now func() time.Time) (map[string]*Member, error) {
	out := map[string]*Member{}
	for _, r := range roster {
		m := &Member{Name: r.name, Role: r.role, Password: "demo-" + rand.Text()[:12]}
		_, enrol, err := a.Accounts.Add(ctx, app.Terminal, r.name, r.display, r.role, m.Password)
		if err != nil {
			return nil, fmt.Errorf("add account %s: %w", r.name, err)
		}
		m.Secret, m.URL = enrol.Secret(), enrol.URL()
		code, err := app.Code(m.Secret, now())
		if err != nil {
			return nil, err
		}
		if m.actor, err = a.Accounts.SignIn(ctx, r.name, m.Password, code, "127.0.0.1"); err != nil {
			return nil, fmt.Errorf("sign %s in: %w", r.name, err)
		}
		out[r.name] = m
	}
	return out, nil
}
