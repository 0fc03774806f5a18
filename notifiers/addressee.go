package notifiers

import "tocsin/incidents"

// addressee is whose name and addresses are on a message about a person: their
// own, their guardian's, or their representative's. A message for one of those
// never falls back on the person's own address.
func addressee(who incidents.Contact, reader incidents.Reader) incidents.Contact {
	switch reader {
	case incidents.ReaderGuardian, incidents.ReaderRepresentative:
		return who.OfGuardian()
	}
	return who
}
