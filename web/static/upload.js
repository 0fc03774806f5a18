// A form with data-upload tells how much of its file is sent. Without scripts the
// browser sends the form, and tells itself.
(function () {
  var sending = null, total = 0;
  function on(name, act) {
    document.addEventListener(name, function (e) {
      var config = e.detail.requestConfig, form = config ? config.elt : e.target;
      if (form.matches && form.matches("form[data-upload]")) act(form, e.detail);
    });
  }
  function say(form, part, words) { // a part below nothing is a failure
    var bar = form.querySelector(".sent progress"), p = form.querySelector(".sent p");
    form.querySelector(".sent").hidden = false;
    bar.hidden = part < 0;
    bar.value = Math.max(part, 0);
    p.className = part < 0 ? "small state red plain" : "small";
    p.textContent = words;
  }
  on("htmx:beforeSend", function (form) { sending = form; total = 0; say(form, 0, "Sending…"); });
  on("htmx:xhr:progress", function (form, d) {
    if (!sending || !d.lengthComputable || d.total < total) return; // the answer has a length too
    total = d.total;
    if (d.loaded >= total) say(form, 1, "All of it is sent. The last rows are being stored…");
    else say(form, d.loaded / total, Math.floor(100 * d.loaded / total) + " % is sent");
  });
  on("htmx:beforeOnLoad", function () { sending = null; });
  on("htmx:beforeSwap", function (form, d) { d.shouldSwap = true; d.isError = false; }); // a page that says what is wrong
  ["htmx:sendError", "htmx:sendAbort", "htmx:timeout"].forEach(function (name) {
    on(name, function (form) {
      sending = null;
      say(form, -1, "The upload broke off: the connection ended, or the list was refused unread. What was stored stays; send the same list again.");
    });
  });
  addEventListener("beforeunload", function (e) { if (sending) e.preventDefault(); }); // leaving ends the upload
})();
