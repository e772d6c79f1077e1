// Where something stands that floats over the page.

const GAP_PX = 4;
const EDGE_PX = 8;

/** Right-aligned below an anchor, or above it where there is no room; never beyond the edges of the window. */
export function besideAnchor(floating: HTMLElement, anchor: DOMRect, left = anchor.right - floating.offsetWidth): void {
  place(floating, left, anchor.bottom + GAP_PX, anchor.top - GAP_PX);
}

/** With a corner at a point. */
export function atPoint(floating: HTMLElement, x: number, y: number): void {
  place(floating, x + floating.offsetWidth + EDGE_PX > innerWidth ? x - floating.offsetWidth : x, y, y);
}

function place(floating: HTMLElement, left: number, below: number, above: number): void {
  const { offsetWidth: width, offsetHeight: height } = floating;
  const fits = below + height < innerHeight - EDGE_PX;
  const top = fits ? below : Math.min(above - height, innerHeight - height - EDGE_PX);
  floating.style.left = `${Math.max(EDGE_PX, Math.min(left, innerWidth - width - EDGE_PX))}px`;
  floating.style.top = `${Math.max(EDGE_PX, top)}px`;
}
