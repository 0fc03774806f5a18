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
