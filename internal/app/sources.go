package app

import (
	"cmp"
	"os"
	"slices"

	"tocsin/incidents"
	"tocsin/incidents/siem"
	"tocsin/internal/settings"
	"tocsin/web/hook"
)

// sources turns the settings into what the alert hook checks.
func sources(list []settings.Source) (map[string]hook.Source, error) {
	out := make(map[string]hook.Source, len(list))
	for _, s := range list {
		if !slices.Contains(siem.Formats(), s.Format) {
			return nil, incidents.Invalid("source %s: there is no format %q", s.Name, s.Format).On("sources").
				WithHint("use one of %v", siem.Formats())
		}
		a := s.Auth
		auth := hook.Auth{Style: a.Style, User: a.User, Header: a.Header, Algorithm: a.Algorithm, Encoding: a.Encoding, Prefix: a.Prefix,
			TimestampHeader: a.TimestampHeader, Topics: a.Topics}
		for _, secret := range append([]settings.Secret{a.Token, a.Password}, a.Secrets...) {
			if secret.Reveal() != "" {
				auth.Secrets = append(auth.Secrets, hook.Secret(secret.Reveal()))
			}
		}
		if a.CertificateFile != "" {
			pem, err := os.ReadFile(a.CertificateFile)
			if err != nil {
				return nil, incidents.Invalid("source %s: the certificate cannot be read: %v", s.Name, err).On("sources")
			}
			auth.Certificate = pem
		}
		if err := auth.Validate(); err != nil {
			return nil, incidents.Invalid("source %s: %v", s.Name, err).On("sources")
		}
		out[s.Name] = hook.Source{Name: s.Name, Format: s.Format, Auth: auth, MaxBody: int64(s.MaxBody),
			DefaultSeverity: cmp.Or(incidents.AlertSeverity(s.DefaultSeverity), incidents.SeverityMedium)}
	}
	return out, nil
}
