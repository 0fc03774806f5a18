package sealed

import (
	"testing"

	"tocsin/incidents"
)

func TestAVaultIsClaimedByOneMasterKey(t *testing.T) {
	for name, mark := range map[string]bool{"by its mark": true, "by its epoch keys, as versions before left them": false} {
		t.Run(name, func(t *testing.T) {
			v := NewMemoryVault()
			if owned, err := Owned(t.Context(), v); err != nil || owned {
				t.Fatal(owned, err)
			}
			ours, theirs := New(newMaster(t), v), New(newMaster(t), v)
			if mark {
				if err := ours.Claim(t.Context()); err != nil {
					t.Fatal(err)
				}
			} else if err := ours.NewBlock(t.Context(), "list", 1); err != nil {
				t.Fatal(err)
			}
			if owned, err := Owned(t.Context(), v); err != nil || !owned {
				t.Fatal(owned, err)
			}
			if err := theirs.Claim(t.Context()); incidents.KindOf(err) != incidents.KindConflict {
				t.Fatalf("got %v", err)
			}
			for range 2 { // also after a rotation, which changes what wraps and not whose it is
				if err := ours.Claim(t.Context()); err != nil {
					t.Fatal(err)
				}
				if err := ours.RotateMaster(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
