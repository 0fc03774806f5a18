// Package sealed keeps personal data and secrets unreadable at rest, and makes
// them unreadable for good when their time is over.
//
// Persons are sealed in blocks. Each block has a key of its own; block keys are
// wrapped by an epoch key, epoch keys by the master key. Keys live in a Vault
// that is kept, and backed up, apart from the data. Destroying block keys
// starts a new epoch: the surviving block keys are wrapped again and the old
// epoch key is destroyed, so an old copy of the block keys opens nothing.
//
// The honest limit: whoever holds the master key and also a copy of the
// destroyed epoch key (raw sectors of the vault's disk, or a backup that the
// vault's epoch keys should not have been in) can still unwrap what that copy
// covers, until the master key is rotated (Keeper.RotateMaster) and its old
// file is gone too. Keys in use lie in this process's memory.
//
// It is the only door to Tink and to age. It refuses to store anything itself
// except the master key file, and to hash personal data without a key.
package sealed
