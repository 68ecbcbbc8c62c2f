"use strict";
// Listeners are on the document, because gradio replaces its elements whenever a value changes.
(() => {
  const player = () => document.getElementById("film-player");
  const playFrom = (seconds) => {
    const film = player();
    if (!film) return;
    film.currentTime = seconds;
    film.play().catch(() => {});
  };
  document.addEventListener("click", (event) => {
    const moment = event.target.closest("[data-at]");
    if (moment) return playFrom(Number(moment.dataset.at));
    const track = event.target.closest(".timeline .track");
    if (!track) return undefined;
    const box = track.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return playFrom(share * Number(track.closest(".timeline").dataset.duration));
  });
  // Media events do not bubble: listen in the capture phase.
  document.addEventListener("timeupdate", (event) => {
    const head = document.querySelector(".timeline .playhead");
    const track = document.querySelector(".timeline .track");
    if (!head || !track || event.target !== player()) return;
    const share = Math.min(1, event.target.currentTime / Number(head.parentElement.dataset.duration));
    head.hidden = false;
    head.style.left = `${track.offsetLeft + share * track.offsetWidth}px`;
  }, true);
  document.addEventListener("error", (event) => {
    if (event.target === player()) document.getElementById("film-trouble").hidden = false;
  }, true);
})();
