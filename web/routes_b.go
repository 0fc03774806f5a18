package web

import (
	"net/http"

	"tocsin/incidents"
)

// routesB are the addresses of accounts, rules and the audit log.
func routesB() []consoleRoute {
	const get, post = http.MethodGet, http.MethodPost
	return []consoleRoute{
		{method: get, path: "/accounts", act: incidents.ActAdmin, handle: (*console).accounts},
		{method: post, path: "/accounts", act: incidents.ActAdmin, handle: (*console).addAccount},
		{method: post, path: "/accounts/token", act: incidents.ActAdmin, handle: (*console).mintToken},
		{method: post, path: "/accounts/{id}/disable", act: incidents.ActAdmin, handle: (*console).disableAccount},

		{method: get, path: "/rules", act: incidents.ActRead, handle: (*console).rules},
		{method: get, path: "/audit", act: incidents.ActRead, handle: (*console).audit},
	}
}
