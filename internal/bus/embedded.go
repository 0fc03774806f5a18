package bus

import (
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"tocsin/incidents"
)

const (
	appUser     = "tocsin"
	appInbox    = "_TOCSIN" // collectors may listen on _INBOX.>; our own answers never go there
	readyWithin = 30 * time.Second
)

// startServer starts the embedded server. It syncs every write before it
// acknowledges: the default of every two minutes loses acknowledged messages
// when the power goes.
func startServer(o Options) (*server.Server, error) {
	so, err := serverOptions(o)
	if err != nil {
		return nil, err
	}
	s, err := server.NewServer(so)
	if err != nil {
		return nil, fmt.Errorf("embedded bus: %w", err)
	}
	s.SetLoggerV2(serverLog{o.Log}, false, false, false)
	s.Start()
	if !s.ReadyForConnections(readyWithin) || !s.JetStreamEnabled() {
		s.Shutdown()
		s.WaitForShutdown()
		return nil, incidents.Unavailable("the embedded bus did not become ready").WithHint("see the log lines before this one; is the disk full?")
	}
	return s, nil
}

func serverOptions(o Options) (*server.Options, error) {
	so := &server.Options{
		ServerName: "tocsin", DontListen: true, NoSigs: true, MaxPayload: maxPayload,
		JetStream: true, StoreDir: o.Dir, SyncAlways: true, JetStreamMaxStore: o.MaxStore,
		JetStreamKey: hex.EncodeToString(o.Key), JetStreamCipher: server.ChaCha,
		Users: []*server.User{{Username: appUser, Password: o.Password, AllowedConnectionTypes: only("IN_PROCESS")}},
	}
	if o.CollectorListen == "" {
		return so, nil
	}
	host, port, err := net.SplitHostPort(o.CollectorListen)
	if err != nil {
		return nil, err
	}
	so.DontListen = false
	so.Host = host
	if so.Port, err = strconv.Atoi(port); err != nil {
		return nil, incidents.Invalid("%q is not a port", port).On("bus.collector-listen")
	}
	if so.Port == 0 {
		so.Port = server.RANDOM_PORT
	}
	for source, password := range o.Collectors {
		so.Users = append(so.Users, collectorUser(source, password))
	}
	return so, nil
}

// collectorUser may publish to its own source's subject, and hear the
// acknowledgement: nothing else.
func collectorUser(source, password string) *server.User {
	return &server.User{Username: source, Password: password, AllowedConnectionTypes: only("STANDARD"), Permissions: &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: []string{"intake." + source}},
		Subscribe: &server.SubjectPermission{Allow: []string{"_INBOX.>"}},
	}}
}

// only keeps the service's own user, who may do everything, off the network.
func only(connectionType string) map[string]struct{} { return map[string]struct{}{connectionType: {}} }

// serverLog passes on what the embedded server complains about.
type serverLog struct{ log *slog.Logger }

func (l serverLog) Noticef(f string, a ...any) {
	l.log.Debug("bus server", "says", fmt.Sprintf(f, a...))
}
func (l serverLog) Errorf(f string, a ...any) {
	l.log.Error("bus server", "says", fmt.Sprintf(f, a...))
}
func (l serverLog) Fatalf(f string, a ...any) {
	l.log.Error("bus server", "says", fmt.Sprintf(f, a...))
}
func (l serverLog) Debugf(string, ...any) {}
func (l serverLog) Tracef(string, ...any) {}
func (l serverLog) Warnf(f string, a ...any) {
	if strings.HasPrefix(f, "Plaintext passwords detected") {
		return // they are in this process's memory alone
	}
	l.log.Warn("bus server", "says", fmt.Sprintf(f, a...))
}
