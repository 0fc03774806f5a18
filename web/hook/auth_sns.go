package hook

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // SignatureVersion 1 of SNS
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"slices"
	"strings"

	"tocsin/incidents"
)

// sns checks the signature in the body of an Amazon SNS message with the
// configured certificates. The address of a certificate in the body is never
// fetched. Source: Amazon SNS, Verifying the signatures of Amazon SNS messages.
func (a Auth) sns(body []byte) bool {
	m := snsFields(body)
	if !slices.Contains(a.Topics, m["TopicArn"]) {
		return false
	}
	sig, err := base64.StdEncoding.DecodeString(m["Signature"])
	if err != nil {
		return false
	}
	algorithm, sum := snsDigest(m)
	keys, err := snsKeys(a.Certificate)
	if err != nil || sum == nil {
		return false
	}
	for _, key := range keys {
		if rsa.VerifyPKCS1v15(key, algorithm, sum, sig) == nil {
			return true
		}
	}
	return false
}

// snsFields are the texts of an envelope. Attributes a publisher added are an
// object, and are not signed.
func snsFields(body []byte) map[string]string {
	var fields map[string]any
	if json.Unmarshal(body, &fields) != nil {
		return nil
	}
	m := make(map[string]string, len(fields))
	for k, v := range fields {
		if s, ok := v.(string); ok {
			m[k] = s
		}
	}
	return m
}

// snsDigest is what a message's signature is over, by its version.
func snsDigest(m map[string]string) (crypto.Hash, []byte) {
	switch m["SignatureVersion"] {
	case "1":
		sum := sha1.Sum([]byte(snsText(m)))
		return crypto.SHA1, sum[:]
	case "2":
		sum := sha256.Sum256([]byte(snsText(m)))
		return crypto.SHA256, sum[:]
	}
	return 0, nil
}

// snsText is the text that is signed: names and values, each on a line. A
// subject that is not there is left out.
func snsText(m map[string]string) string {
	keys := []string{"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"}
	if m["Type"] != "Notification" {
		keys = []string{"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
	}
	var b strings.Builder
	for _, k := range keys {
		if v, ok := m[k]; ok && (v != "" || k != "Subject") {
			b.WriteString(k + "\n" + v + "\n")
		}
	}
	return b.String()
}

// snsKeys reads the public keys of the configured certificates.
func snsKeys(certificates []byte) (keys []*rsa.PublicKey, err error) {
	for rest := certificates; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, incidents.Invalid("a signing certificate of sns cannot be read")
		}
		key, ok := cert.PublicKey.(*rsa.PublicKey)
		if !ok {
			return nil, incidents.Invalid("a signing certificate of sns holds no RSA key")
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, incidents.Invalid("sns needs Amazon's signing certificate as PEM")
	}
	return keys, nil
}
