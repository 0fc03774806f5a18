package twilio

import "strings"

// holds finds a verification code in a body, however it was wrapped.
func holds(body, code string) bool {
	return code != "" && strings.Contains(strings.ReplaceAll(body, "\n", ""), code)
}
