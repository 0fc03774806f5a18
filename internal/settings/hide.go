package settings

import (
	"errors"
	"regexp"

	"tocsin/incidents"
)

// A complaint about YAML shows the lines around it, and one of them may hold a
// secret: values of secret keys, and bare list items, are blotted out.
var (
	secretLine = regexp.MustCompile(`(?m)((?:password|passphrase|secret|secrets|token|auth-token|url)"?\s*:[ \t]*)\S.*$`)
	bareItem   = regexp.MustCompile(`(?m)(\d+ \|\s*-[ \t]+)[^\s:]+$`)
)

func hideSecrets(err error) error {
	var e *incidents.Error
	if err == nil || !errors.As(err, &e) {
		return err
	}
	shown := *e
	shown.Msg = secretLine.ReplaceAllString(shown.Msg, "${1}"+redacted)
	shown.Msg = bareItem.ReplaceAllString(shown.Msg, "${1}"+redacted)
	return &shown
}
