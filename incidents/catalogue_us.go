package incidents

// usRegimes are the special laws of the United States.
var usRegimes = options()

// usFacts are what only laws of the United States ask.
var usFacts = []FactDef{}
