// The one stream of all the browser's tabs, in a SharedWorker: on HTTP/1.1 a seventh open stream would hang the site.

import { Hub } from "./stream-hub.js";

const hub = new Hub((port, message) => port.postMessage(message));

self.addEventListener("connect", ({ ports: [port] }) => {
  port.addEventListener("message", ({ data }) => {
    if (data.want) hub.want(port, data.want);
    if (data.bye) hub.leave(port);
    // A tab that dies says no goodbye, but its lock is given to whoever waits for it.
    if (data.lock) navigator.locks?.request(data.lock, () => hub.leave(port));
  });
  port.start();
});
