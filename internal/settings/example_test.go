package settings

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"tocsin/internal/strict"
)

// exampleAsRead is the example as read, without what follows from it.
func exampleAsRead(t *testing.T) Settings {
	t.Helper()
	s := Default()
	if err := strict.Unmarshal("example.yaml", []byte(Example()), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheExampleLoads(t *testing.T) {
	if _, err := Load(write(t, "tocsin.yaml", Example()), noEnv); err != nil {
		t.Fatal(err)
	}
}

func TestTheExampleShowsEveryKey(t *testing.T) {
	leftOut := regexp.MustCompile(`(?m)^(\s*)#([ ]*#?[a-z-]+:)`)
	shown := map[string]bool{}
	for _, line := range strings.Split(leftOut.ReplaceAllStringFunc(Example(), uncomment), "\n") {
		if key, _, ok := strings.Cut(strings.TrimLeft(line, " -"), ":"); ok {
			shown[key] = true
		}
	}
	var check func(reflect.Type)
	check = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Slice, reflect.Map:
			check(typ.Elem())
		case reflect.Struct:
			for i := range typ.NumField() {
				if key := typ.Field(i).Tag.Get("yaml"); !shown[key] {
					t.Errorf("%s.%s (%s) is not in the example", typ.Name(), typ.Field(i).Name, key)
				}
				check(typ.Field(i).Type)
			}
		}
	}
	check(reflect.TypeFor[Settings]())
}

// uncomment leaves prose alone: its # is followed by a blank.
func uncomment(s string) string {
	if strings.Contains(s, "# ") && !strings.Contains(s, "#  ") {
		return s
	}
	return strings.ReplaceAll(s, "#", "")
}

// notDefault are the keys whose comment says "for example".
var notDefault = []string{
	"organisation.name", "organisation.address", "organisation.country", "organisation.domains", "organisation.public-url",
	"organisation.contact", "organisation.dpo", "inside.url", "public.url", "master-key.file", "channels.email.smtp.address",
	"channels.email.smtp.from", "channels.phone.from", "channels.email.smtp.reply-to", "channels.email.smtp.bounce", "channels.email.bounces.domain", "channels.push.project",
	"channels.push.credentials-file", "channels.letter.sender", "sources", "escalation.email", "sandbox.dir",
}

func TestTheExampleShowsTheDefaults(t *testing.T) {
	flat := func(s Settings) map[string]any {
		m := map[string]any{}
		walk(reflect.ValueOf(&s).Elem(), "", func(path string, v reflect.Value) {
			if v.Kind() != reflect.Map && v.Kind() != reflect.Slice {
				m[path] = v.Interface()
			}
		})
		return m
	}
	defaults, shown := flat(Default()), flat(exampleAsRead(t))
	for path, v := range shown {
		if !isExample(path) && v != defaults[path] {
			t.Errorf("%s: the example shows %v, the default is %v", path, v, defaults[path])
		}
	}
}

func isExample(path string) bool {
	for _, p := range notDefault {
		if strings.HasPrefix(path, p) {
			return true
		}
	}
	return false
}
