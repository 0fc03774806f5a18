package store

import (
	"slices"

	"tocsin/incidents"
)

// How states and channels are stored: by their place in the domain's lists,
// which only ever grow at the end. The partial indexes of migration 2 name
// these numbers.
const (
	statePlanned = iota
	stateHeld
	stateReady
	stateAttempting
	stateAccepted
	stateRetryWait
	stateRejected
	stateInDoubt
	stateManual
	stateDelivered
	stateUndelivered
	stateExpired
	stateSuppressed
	stateCancelled
	stateEscalated
)

// noChannel is the channel of a person whom no channel of the plan reaches.
const noChannel = 0

var (
	stateList   = incidents.DeliveryStates()
	channelList = incidents.Channels()
)

func stateCode(s incidents.DeliveryState) int { return slices.Index(stateList, s) }

func stateOf(code int) incidents.DeliveryState {
	if code < 0 || code >= len(stateList) {
		return ""
	}
	return stateList[code]
}

func channelCode(c incidents.Channel) int { return slices.Index(channelList, c) + 1 }

func channelOf(code int) incidents.Channel {
	if code < 1 || code > len(channelList) {
		return ""
	}
	return channelList[code-1]
}

// channelBits packs the channels a person can be reached by.
func channelBits(cs []incidents.Channel) (bits int) {
	for _, c := range cs {
		if n := channelCode(c); n > 0 {
			bits |= 1 << (n - 1)
		}
	}
	return bits
}

func channelsOf(bits int) (out []incidents.Channel) {
	for i, c := range channelList {
		if bits&(1<<i) != 0 {
			out = append(out, c)
		}
	}
	return out
}

// silenceFails tells the channels on which an accepted message without a receipt
// reached nobody for certain. The provider of SMS and calls says later whether the
// person was reached; a push message that was taken may never be shown, and nobody
// says so. An e-mail and a letter count as sent when they were taken, and come back
// if they do not arrive.
func silenceFails(channel int) bool {
	switch channelOf(channel) {
	case incidents.SMS, incidents.Phone, incidents.Push:
		return true
	}
	return false
}

// isTodo tells the states a chunk's todo counter counts. What is held has a
// time, and the sweeper finds it by that: a chunk whose people are all asleep
// is not announced the whole night.
func isTodo(state int) bool {
	return state == statePlanned || state == stateReady
}

// isOpen tells whether a delivery in this state may be claimed, now or later.
func isOpen(state int) bool {
	return isTodo(state) || state == stateHeld || state == stateRetryWait
}
