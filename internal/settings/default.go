package settings

import (
	"time"

	"tocsin/incidents"
)

// Default is what holds for a key the file does not name: one machine, nothing
// reachable from outside, every channel in the sandbox.
func Default() Settings {
	return Settings{
		DataDir: "data",
		Organisation: Organisation{
			Name: "Our organisation", Languages: []incidents.Lang{"en", "zh-Hans"},
		},
		Inside:      Listener{Listen: "127.0.0.1:8470"},
		Public:      Listener{Listen: "127.0.0.1:8471"},
		Bus:         Bus{MaxIntake: 1 << 30},
		Channels:    defaultChannels(),
		Correlation: Correlation{JoinWithin: Duration(24 * time.Hour)},
		Dispatch:    Dispatch{Workers: 4, Lease: Duration(30 * time.Second), Sweep: Duration(10 * time.Second), DoubtWait: Duration(15 * time.Minute), FirstWave: 20, FirstWaveWait: Duration(2 * time.Minute)},
		Limits: Limits{
			TwoApproversAbove: 1000,
			Window:            Window{Email: 64, SMS: 16, Push: 64, Phone: 4, Letter: 500},
			Spend:             Spend{Currency: "EUR"},
			MaxBody:           1 << 20, MaxImport: 4 << 30, MaxUpload: 32 << 20,
		},
		Persons: Persons{Minors: incidents.MinorsTold, Deceased: DeceasedSuppress},
		Targets: Targets{IndividualsHours: 72, RegulatorHours: 24},
		Session: Session{Idle: Duration(15 * time.Minute), Absolute: Duration(8 * time.Hour)},
		Log:     Log{Level: "info", Format: "text"},
	}
}

func defaultChannels() Channels {
	return Channels{
		Email: Email{Mode: ModeSandbox, SMTP: SMTP{StartTLS: StartTLSRequired, Connections: 4, Timeout: Duration(30 * time.Second), FinalTimeout: Duration(10 * time.Minute)},
			Second: SMTP{StartTLS: StartTLSRequired, Connections: 4, Timeout: Duration(30 * time.Second), FinalTimeout: Duration(10 * time.Minute)}},
		SMS: SMS{Mode: ModeSandbox, RatePerSecond: 10, Timeout: Duration(10 * time.Second),
			ValidityPeriod: Duration(4 * time.Hour), NumberTypes: []incidents.NumberType{incidents.NumberMobile, incidents.NumberEither}},
		Phone: Phone{Mode: ModeSandbox, Hours: "09:00-20:00", TriesPerDay: 3, Gap: Duration(2 * time.Hour),
			RatePerSecond: 1, Timeout: Duration(10 * time.Second), NumberTypes: []incidents.NumberType{incidents.NumberMobile, incidents.NumberEither, incidents.NumberFixed}},
		Push:   Push{Mode: ModeSandbox, RatePerSecond: 500, Timeout: Duration(10 * time.Second), Second: FCM{RatePerSecond: 500}},
		Quiet:  Quiet{From: "21:00", To: "08:00", Channels: []incidents.Channel{incidents.SMS, incidents.Phone}},
		Twilio: Twilio{Redaction: RedactNone}, TwilioSecond: Twilio{Redaction: RedactNone},
		Letter: Letter{Mode: ModeSandbox, Paper: PaperA4, Window: WindowDIN5008B, Duplex: true},
	}
}
