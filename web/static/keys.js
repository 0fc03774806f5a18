// "/" goes to the search field. Everything works without it.
document.addEventListener("keydown", function (e) {
  if (e.key !== "/" || e.ctrlKey || e.metaKey || e.altKey) return;
  var t = e.target;
  if (t && (t.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(t.tagName))) return;
  var q = document.getElementById("q");
  if (q) { e.preventDefault(); q.focus(); }
});
// A slider moves the number field it stands under, and the other way round.
document.querySelectorAll('input[type="range"][data-for]').forEach(function (slider) {
  var field = document.getElementById(slider.dataset.for);
  if (!field) return;
  slider.hidden = false;
  if (field.value) slider.value = field.value;
  slider.addEventListener("input", function () { field.value = Number(slider.value).toPrecision(3) * 1; });
  field.addEventListener("input", function () { slider.value = field.value; });
});
// Pressing a button twice sends its form once.
var sent = {};
document.addEventListener("submit", function (e) {
  var form = e.target, to = form.getAttribute("action");
  if (e.defaultPrevented || form.getAttribute("method") !== "post") return;
  if (to === sent.to && e.timeStamp - sent.at < 3000) e.preventDefault();
  else sent = {to: to, at: e.timeStamp};
});
// The session of an open page ended. A form on its way may just have renewed it.
document.addEventListener("signed-out", function () {
  var away = function () { location.replace("/sign-in?to=" + encodeURIComponent(location.pathname + location.search)); };
  setTimeout(away, performance.now() - sent.at < 10000 ? 10000 : 0);
});
