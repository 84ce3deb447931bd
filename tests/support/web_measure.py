"""What old eyes and fingers meet, measured in a real browser: sizes, contrast, clipping, overflow."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.async_api import Page

# Every fold is opened first, so that hidden parts are measured too. Returns one sentence per fault.
_SCRIPT = """
() => {
  for (const fold of document.querySelectorAll("details")) { fold.open = true; }
  for (const moving of document.getAnimations()) { moving.finish(); }
  const root = document.documentElement;
  const faults = [];
  const seen = { texts: 0, targets: 0, smallest: 1000, lowest: 1000, faintest: 1000 };
  const name = (e) => e.tagName.toLowerCase() + "." + e.className + ": " + e.textContent.trim().slice(0, 20);
  const colour = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => {
    const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const part = rgb.slice(0, 3).map((v) => linear(v / 255));
    return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
  };
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const found = colour(getComputedStyle(e).backgroundColor);
      if (found.length < 4 || found[3] === 1) { return found; }
      if (found[3] !== 0) { faults.push("half-transparent background: " + name(e)); }
    }
    return [255, 255, 255];
  };
  const contrast = (a, b) => {
    const both = [light(a), light(b)].sort((x, y) => y - x);
    return (both[0] + 0.05) / (both[1] + 0.05);
  };
  const shown = (e) => { const box = e.getBoundingClientRect(); return box.width > 2 && box.height > 2; };
  const hasText = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());

  for (const e of document.querySelectorAll("body *")) {
    if (!shown(e)) { continue; }
    const style = getComputedStyle(e);
    const field = e.matches("textarea, input:not([type=hidden])");
    if (hasText(e) || field) {
      seen.texts += 1;
      const size = parseFloat(style.fontSize);
      const ratio = contrast(colour(style.color), behind(e));
      seen.smallest = Math.min(seen.smallest, size);
      seen.faintest = Math.min(seen.faintest, ratio);
      if (size < 18) { faults.push(`text of ${size}px: ${name(e)}`); }
      if (ratio < 4.5) { faults.push(`contrast ${ratio.toFixed(2)}: ${name(e)}`); }
      const lines = parseFloat(style.lineHeight) / size;
      if (lines < 1.39) { faults.push(`line height ${lines.toFixed(2)}: ${name(e)}`); }
    }
    if (e.matches("button, a, summary, textarea, input:not([type=hidden])")) {
      seen.targets += 1;
      const box = e.getBoundingClientRect();
      seen.lowest = Math.min(seen.lowest, box.height);
      if (box.height < 60 || box.width < 60) { faults.push(`target ${box.width}x${box.height}: ${name(e)}`); }
      const around = behind(e.parentElement);
      const edge = style.borderTopWidth === "0px" ? 21 : contrast(colour(style.borderTopColor), around);
      if (edge < 3) { faults.push(`edge contrast ${edge.toFixed(2)}: ${name(e)}`); }
    }
    const box = e.getBoundingClientRect();
    if (box.right > root.clientWidth + 1 || box.left < -1) { faults.push("outside: " + name(e)); }
    const cut = style.overflowX !== "visible" || style.overflowY !== "visible";
    if (cut && !field && (e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1)) {
      faults.push("clipped: " + name(e));
    }
  }
  if (root.scrollWidth > window.screen.width && root.scrollWidth > root.clientWidth) {
    faults.push(`sideways: ${root.scrollWidth} in ${root.clientWidth}`);
  }
  return { faults: faults, width: root.scrollWidth, ...seen };
}
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """Lengths in CSS pixels; contrast as a ratio to 1."""

    faults: list[str]
    width: float  # of everything laid out
    texts: int
    targets: int
    smallest: float  # text
    lowest: float  # target
    faintest: float  # contrast


async def measure(page: Page) -> Measured:
    return Measured(**await page.evaluate(_SCRIPT))
