// Package web is the team's console, its JSON API, the alert hook's mount and
// the public site. It shows and asks; every use case is a method of the desk. It
// refuses to know the store, the bus or a channel, and to write a page that needs
// scripts: htmx and live events only make pages fresher.
//
// To add a page of the console:
//
//   - Write a line in consoleRoutes (routes.go): method, path, handler and the act
//     it needs. A test goes over the table as nobody and as every role.
//   - Write a struct that embeds Frame (or incidentFrame, for a page of one
//     incident) and a handler, func (c *console) name(p *page) error, which fills
//     it from the desk and ends with c.show(p, "name", v). A form that was refused
//     is shown again by c.again with what was typed; a change ends with
//     c.redirect(p, to, "What happened."). c.stepUp(p) asks for a fresh code.
//   - Write templates/console/name.html, which defines "main" and, for a masthead,
//     "masthead". A file that begins with an underscore is shared by all pages.
//     {{.Of "field"}} is the problem of a field, {{.May "act"}} what the actor may.
//   - Return errors of the kinds of incidents; errors.go has the one table that
//     turns a kind into a status.
//
// A part of a page that should stay fresh carries an id, hx-get with the page's
// own address, hx-select with the id, and hx-trigger="sse:news throttle:2s".
package web
