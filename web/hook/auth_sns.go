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
// configured certificate. The address of a certificate in the body is never
// fetched. Source: Amazon SNS, Verifying the signatures of Amazon SNS messages.
func (a Auth) sns(body []byte) bool {
	var m map[string]string
	if json.Unmarshal(body, &m) != nil || !slices.Contains(a.Topics, m["TopicArn"]) {
		return false
	}
	sig, err := base64.StdEncoding.DecodeString(m["Signature"])
	if err != nil {
		return false
	}
	key, err := snsKey(a.Certificate)
	if err != nil {
		return false
	}
	text := snsText(m)
	switch m["SignatureVersion"] {
	case "1":
		sum := sha1.Sum([]byte(text))
		return rsa.VerifyPKCS1v15(key, crypto.SHA1, sum[:], sig) == nil
	case "2":
		sum := sha256.Sum256([]byte(text))
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], sig) == nil
	}
	return false
}

func snsText(m map[string]string) string {
	keys := []string{"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"}
	if m["Type"] != "Notification" {
		keys = []string{"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
	}
	var b strings.Builder
	for _, k := range keys {
		if v, ok := m[k]; ok {
			b.WriteString(k + "\n" + v + "\n")
		}
	}
	return b.String()
}

func snsKey(certificate []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(certificate)
	if block == nil {
		return nil, incidents.Invalid("sns needs Amazon's signing certificate as PEM")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, incidents.Invalid("the signing certificate of sns cannot be read")
	}
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, incidents.Invalid("the signing certificate of sns holds no RSA key")
	}
	return key, nil
}
