// The client begins here.

// First, so that the stylesheets of the views come later and win.
import "./ui/styles/tokens.css";
import "./ui/styles/base.css";

import { createEngine } from "./engine";
import { addressOf } from "./basePath";
import { mount } from "./ui/mount";

if (import.meta.env.DEV && new URLSearchParams(location.search).has("demo")) {
  // Made-up people, for work on the views; no build has them.
  location.replace(`demo.html${location.search}${location.hash}`);
} else {
  void mount(createEngine());
}

if (import.meta.env.PROD && "serviceWorker" in navigator) {
  // Without it everything works, but not the start without a network.
  addEventListener("load", () => void navigator.serviceWorker.register(addressOf("/sw.js")).catch(() => undefined));
}
