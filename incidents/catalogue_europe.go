package incidents

// europeRegimes are the special laws of the European Union and the United Kingdom.
var europeRegimes = options()

// europeFacts are what only laws of the European Union and the United Kingdom ask.
var europeFacts = []FactDef{}
