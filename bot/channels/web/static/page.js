/* Live news on the phone page. Everything else works without this file.
   Written for old in-app browsers: no modules, no build. What is said is fetched as a page, never sent in the stream. */
(function () {
  "use strict";
  var news = document.getElementById("news");
  if (!window.EventSource || !window.fetch || !window.DOMParser || !news) { return; }

  var waiting = false; // something new, but nobody is looking: fetching now would count as "shown"
  var busy = false;
  var again = false;

  function live() { return document.getElementById("live"); }

  function refresh() {
    if (document.hidden) { waiting = true; return; }
    if (busy) { again = true; return; }
    busy = true;
    fetch(live().getAttribute("data-source"), { credentials: "same-origin", cache: "no-store" })
      .then(function (answer) {
        if (answer.status === 401) { location.reload(); }
        return answer.ok ? answer.text() : "";
      })
      .then(receive)
      .catch(function () { waiting = true; }) // offline: the stream's return asks again
      .then(function () {
        busy = false;
        if (again) { again = false; refresh(); }
      });
  }

  function receive(html) {
    var fresh = html && new DOMParser().parseFromString(html, "text/html").getElementById("live");
    if (!fresh || fresh.getAttribute("data-state") === live().getAttribute("data-state")) { return; }
    if (isWriting()) { offer(fresh); } else { show(fresh); }
  }

  /* Replacing a field in the middle of Chinese input would break it; a chosen file cannot be copied over. */
  function isWriting() {
    var active = document.activeElement;
    var file = document.getElementById("file");
    var typing = active && active.id === "text";
    return typing || (file && file.files && file.files.length > 0);
  }

  function offer(fresh) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = news.getAttribute("data-show");
    button.addEventListener("click", function () { show(fresh); });
    say(button);
  }

  function say(node) {
    news.textContent = "";
    news.appendChild(node);
  }

  function show(fresh) {
    var old = live();
    var draft = document.getElementById("text");
    var words = draft ? draft.value : "";
    var newQuestion = fresh.getAttribute("data-question") !== old.getAttribute("data-question");
    var opened = Array.prototype.map.call(old.querySelectorAll("details[open]"), function (part) { return part.id; });
    document.adoptNode(fresh);
    old.parentNode.replaceChild(fresh, old);
    opened.forEach(function (id) {
      var part = document.getElementById(id);
      if (part) { part.open = true; }
    });
    keepDraft(words);
    if (newQuestion) { settle(fresh); }
    announce();
  }

  function keepDraft(words) {
    var field = document.getElementById("text");
    if (!words || !field) { return; }
    field.value = words;
    var box = field.closest ? field.closest("details") : null;
    if (box) { box.open = true; }
  }

  /* A finger already on its way to the old question must not answer the new one. */
  function settle(fresh) {
    fresh.classList.add("settling");
    var card = fresh.querySelector(".ask");
    if (card) { card.classList.add("fresh"); }
    setTimeout(function () { fresh.classList.remove("settling"); }, 800);
  }

  function announce() {
    var note = document.createElement("span");
    note.textContent = news.getAttribute("data-new");
    say(note);
    var top = live().querySelector(".ask, .talk");
    if (top && top.getBoundingClientRect().bottom < 0) {
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = news.getAttribute("data-show");
      button.addEventListener("click", function () {
        top.scrollIntoView();
        news.textContent = "";
      });
      say(button);
    }
  }

  document.addEventListener("visibilitychange", function () {
    if (!document.hidden && waiting) { waiting = false; refresh(); }
  });
  document.addEventListener("submit", function (event) {
    var button = event.submitter;
    if (button) { button.classList.add("pressed"); }
  });

  var source = new EventSource("/chat/events");
  source.onopen = refresh; // whatever happened between the page and the stream, or while the stream was away
  source.onmessage = refresh;
})();
