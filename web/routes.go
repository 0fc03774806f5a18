package web

import (
	"net/http"

	"tocsin/incidents"
)

// A consoleRoute is one address of the console and the act it needs.
type consoleRoute struct {
	method, path string
	act          incidents.Act
	handle       func(*console, *page) error
	open         bool // without signing in
	upload       bool // the handler reads the body itself
}

// consoleRoutes is every address of the console, in one place.
func consoleRoutes() []consoleRoute {
	const get, post = http.MethodGet, http.MethodPost
	const read = incidents.ActRead
	return []consoleRoute{
		{method: get, path: "/sign-in", handle: (*console).signInPage, open: true},
		{method: post, path: "/sign-in", handle: (*console).signIn, open: true},
		{method: post, path: "/sign-out", handle: (*console).signOut, open: true},

		{method: get, path: "/", act: read, handle: (*console).overview},
		{method: get, path: "/rail", act: read, handle: (*console).rail},
		{method: get, path: "/events", act: read, handle: (*console).events},
		{method: get, path: "/events/{incident}", act: read, handle: (*console).events},
		{method: get, path: "/search", act: read, handle: (*console).search},
	}
}
