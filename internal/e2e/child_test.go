package e2e

// child is what the test binary does when it is started as the service.
func child() int { return 0 }
