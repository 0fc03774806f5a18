// Package bounce reads what mail systems send back: delivery status
// notifications (RFC 3464), complaints (RFC 5965) and the bounces of those that
// keep to no standard. It takes them by SMTP or from a Maildir, and believes
// only what comes to an address we signed for one attempt; whoever can forge
// such an address's mail is on that message's way anyway, and changes nothing
// but that one delivery. Of a mail nothing stays but its meaning, a code and a hash.
package bounce
