/* What is nicer with a script and works without: no double sending, and a question before what cannot be undone. */
(function () {
  "use strict";
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    window.setTimeout(function () { delete form.dataset.sent; }, 8000);
  });
  /* Coming back by the browser's own button shows the page as it is now. */
  window.addEventListener("pageshow", function (event) { if (event.persisted) { window.location.reload(); } });
  /* The inbox and the list look again by themselves, and say so: that is nobody at work, and the session still idles out. */
  var main = document.getElementById("main");
  var every = main && main.querySelector("[data-again]");
  if (every) {
    window.setInterval(function () {
      if (document.visibilityState === "visible") {
        var show = /[?&]show=closed/.test(window.location.search) ? "&show=closed" : "";
        window.location.replace(window.location.pathname + "?again=1" + show);
      }
    }, Number(every.dataset.again) * 1000);
  }
}());
