package incidents

import "testing"

// The permission table, cell by cell: r responder, o officer, c comms,
// u auditor, a admin, w service owner.
func TestPermissions(t *testing.T) {
	table := map[Act]string{
		ActRead: "rocuaw", ActTriage: "r", ActFacts: "ro", ActPersons: "row", ActUnmask: "ro", ActDraft: "rocw", ActAnnounce: "rc",
		ActApprove: "o", ActRelease: "row", ActStop: "rocaw", ActSubmit: "ro", ActTermination: "w", ActEvidence: "rouw", ActAdmin: "a", ActIntake: "r",
	}
	letters := map[Role]string{RoleResponder: "r", RoleOfficer: "o", RoleComms: "c", RoleAuditor: "u", RoleAdmin: "a", RoleOwner: "w"}
	if len(table) != len(Acts()) {
		t.Fatalf("the table has %d acts, the code %d", len(table), len(Acts()))
	}
	for _, act := range Acts() {
		for _, role := range Roles() {
			want := contains(table[act], letters[role])
			if Allowed(role, act) != want {
				t.Errorf("%s may %s: %v, want %v", role, act, !want, want)
			}
			err := Actor{Role: role, Scopes: []Act{}}.May(act)
			if err == nil {
				t.Errorf("a token without scopes of a %s may %s", role, act)
			}
		}
		if Allowed("nobody", act) {
			t.Errorf("an unknown role may %s", act)
		}
	}
}

func contains(s, sub string) bool {
	for i := range s {
		if s[i:i+1] == sub {
			return true
		}
	}
	return false
}
