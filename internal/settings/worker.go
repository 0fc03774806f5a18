package settings

import "errors"

// ValidateWorker checks what `tocsin worker` needs beyond Validate: it shares
// the database, the bus and the keys with a service.
func (s Settings) ValidateWorker() error {
	var c checker
	if !s.Database.URL.Set() {
		c.say("database.url", "is needed by a worker: SQLite in data-dir belongs to one process; give service and workers one PostgreSQL database")
	}
	if s.Bus.URL == "" {
		c.say("bus.url", "is needed by a worker: the embedded bus belongs to one process; give service and workers one NATS cluster")
	}
	return errors.Join(s.Validate(), errors.Join(c.problems...))
}

// ApartFromTheService names what a worker would have for itself on another
// machine than the service's. On the same machine, with the same data-dir, all
// of it is shared.
func (s Settings) ApartFromTheService() (notes []string) {
	if !s.KeyDatabase.URL.Set() {
		notes = append(notes, "key-database.url is empty: a worker on another machine does not find the keys of personal data")
	}
	if s.Channels.Letter.Mode == ModeFolder {
		notes = append(notes, "channels.letter.folder must be the service's own, also on another machine: the printer's answers are read there")
	}
	return notes
}
