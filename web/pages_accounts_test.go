package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"tocsin/incidents"
)

var shownPassword = regexp.MustCompile(`<dt>Password</dt><dd><code class="hash">([a-z0-9]+)</code>`)

func TestANewAccountCanSignInWithWhatWasShownOnce(t *testing.T) {
	w := newWorld(t)
	adam := w.signIn("adam")
	shown := adam.post("/accounts", "name", "Nora", "display", hostile, "role", "officer").want(http.StatusOK)
	page := shown.Body.String()
	password := shownPassword.FindStringSubmatch(page)
	secret := regexp.MustCompile(`<dt>Second factor</dt><dd><code class="hash">([A-Z2-7]+)</code>`).FindStringSubmatch(page)
	if password == nil || secret == nil || !strings.Contains(page, `src="data:image/png;base64,`) {
		t.Fatalf("the answer lacks password, second factor or its picture: %.3000s", page)
	}
	if cc := shown.Header().Get("Cache-Control"); cc != "no-store" {
		t.Errorf("the secrets may be kept: Cache-Control is %q", cc)
	}
	list := adam.get("/accounts").want(http.StatusOK).Body.String()
	if strings.Contains(list, password[1]) || strings.Contains(list, secret[1]) {
		t.Error("the list of accounts shows a secret")
	}
	if strings.Contains(list, hostile) {
		t.Error("a name became markup")
	}
	w.secrets["nora"] = secret[1]
	w.visitor().post("/sign-in", "name", "nora", "password", password[1], "code", w.code("nora")).want(http.StatusSeeOther)
}

func TestATokenIsShownOnceAndWorks(t *testing.T) {
	w := newWorld(t)
	adam := w.signIn("adam")
	page := adam.post("/accounts/token", "account", "adam", "label", "status board", "scopes", "read", "days", "30").want(http.StatusOK).Body.String()
	m := regexp.MustCompile(`<pre class="raw" tabindex="0">([^<]+)</pre>`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no token is shown: %.2000s", page)
	}
	w.tokens["board"] = m[1]
	w.as("board", "GET", "/incidents", nil).want(http.StatusOK)
	w.as("board", "GET", "/accounts", nil).want(http.StatusForbidden)
}

func TestAccountFormsKeepWhatWasTyped(t *testing.T) {
	w := newWorld(t)
	adam := w.signIn("adam")
	for _, x := range []struct {
		name, path string
		form       []string
		status     int
		keeps      []string
	}{
		{"a name that is taken", "/accounts", []string{"name", "rita", "display", "Another Rita", "role", "comms"}, 409, []string{`value="rita"`, `value="Another Rita"`, `value="comms" selected`}},
		{"a role there is not", "/accounts", []string{"name", "zoe", "display", "Zoe", "role", "king"}, 422, []string{`value="zoe"`}},
		{"a token for ever", "/accounts/token", []string{"account", "adam", "label", "for ever", "scopes", "read", "days", "9999"}, 422, []string{`value="for ever"`, `value="9999"`, `value="read" checked`}},
		{"a token for nothing", "/accounts/token", []string{"account", "adam", "label", "nothing", "days", "3"}, 422, []string{`value="nothing"`, "what the token may do"}},
		{"a token that may more than its account", "/accounts/token", []string{"account", "ada", "label", "too much", "scopes", "release", "days", "3"}, 0, []string{`value="too much"`, `value="release" checked`}},
	} {
		t.Run(x.name, func(t *testing.T) {
			out := adam.post(x.path, x.form...)
			if out.Code < 400 || out.Code >= 500 || x.status != 0 && out.Code != x.status {
				t.Fatalf("status %d, want %d", out.Code, x.status)
			}
			for _, want := range append(x.keeps, `role="alert"`) {
				if !strings.Contains(out.Body.String(), want) {
					t.Errorf("the page lacks %s", want)
				}
			}
		})
	}
}

func TestADisabledAccountIsSignedOut(t *testing.T) {
	w := newWorld(t)
	adam, rita := w.signIn("adam"), w.signIn("rita")
	rita.get("/").want(http.StatusOK)
	all, err := w.accounts.Accounts(t.Context(), incidents.System)
	must(t, err)
	for _, a := range all {
		if a.Name == "rita" {
			adam.post("/accounts/" + string(a.ID) + "/disable").want(http.StatusSeeOther)
		}
	}
	rita.get("/").want(http.StatusSeeOther)
	if !strings.Contains(adam.get("/accounts").want(http.StatusOK).Body.String(), "Disabled") {
		t.Error("the list does not say that the account is disabled")
	}
}

func TestOnlyTheAdministratorSeesAccounts(t *testing.T) {
	w := newWorld(t)
	for _, who := range []string{"rita", "olga", "carla", "ada", "wes"} {
		b := w.signIn(who)
		b.get("/accounts").want(http.StatusForbidden)
		b.post("/accounts", "name", "x", "display", "X", "role", "admin").want(http.StatusForbidden)
		b.post("/accounts/token", "account", "adam").want(http.StatusForbidden)
	}
	w.visitor().get("/accounts").want(http.StatusSeeOther)
}
