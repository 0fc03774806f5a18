package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
		goleak.Cleanup(func(code int) {
			for _, p := range []*program{&built, &builtToBeKilled, &builtNATS} {
				if p.path != "" {
					_ = os.RemoveAll(filepath.Dir(p.path))
				}
			}
			os.Exit(code)
		}))
}
