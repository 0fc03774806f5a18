package web

import "tocsin/incidents"

// deliveryState says where one delivery is: shape, word, colour.
func deliveryState(s incidents.DeliveryState) stateView {
	switch s {
	case incidents.Planned, incidents.Ready:
		return stateView{"", "ring", "Still to send"}
	case incidents.Held:
		return stateView{"amber", "pause", "On hold"}
	case incidents.Attempting:
		return stateView{"blue", "half", "Being sent"}
	case incidents.RetryWait:
		return stateView{"blue", "clock", "Tried again later"}
	case incidents.Accepted:
		return stateView{"blue", "send", "Sent"}
	case incidents.Delivered:
		return stateView{"green", "okay", "Delivered"}
	case incidents.InDoubt:
		return stateView{"amber", "tri", "In doubt"}
	case incidents.Manual:
		return stateView{"amber", "ask", "A person decides"}
	case incidents.Rejected:
		return stateView{"red", "x", "Refused"}
	case incidents.Undelivered:
		return stateView{"red", "x", "Not delivered"}
	case incidents.Expired:
		return stateView{"red", "clock", "Gave up"}
	case incidents.Suppressed:
		return stateView{"", "x", "Left out"}
	case incidents.Cancelled:
		return stateView{"", "stop", "Stopped"}
	case incidents.Escalated:
		return stateView{"", "send", "Went on to the next channel"}
	}
	return stateView{"", "ring", string(s)}
}

// doubtAdvice says what sending again does on a channel.
func doubtAdvice(c incidents.Channel) string {
	switch c {
	case incidents.Email:
		return "Same message id: most mail programs show a second one once."
	case incidents.Push:
		return "Same collapse key: sending again shows once."
	case incidents.SMS, incidents.Phone:
		return "The provider was asked; sending again may arrive twice."
	case incidents.Letter:
		return "The printer's folder was looked through; ask the printer before sending again."
	}
	return ""
}
