// The serial line of a server: xterm.js over the console proxy.
import { Terminal } from "../vendor/xterm/xterm.mjs";
import { FitAddon } from "../vendor/xterm/addon-fit.mjs";

const screen = document.getElementById("screen");
const state = document.getElementById("console-state");
const terminal = new Terminal({ fontSize: 13, scrollback: 5000, cursorBlink: true, screenReaderMode: true, theme: { background: "#0b1322", foreground: "#d3deef" } });
const fit = new FitAddon();
terminal.loadAddon(fit);
terminal.open(screen);
fit.fit();
addEventListener("resize", () => fit.fit());
const say = (text) => { state.textContent = text; document.body.dataset.state = text; };
const socket = new WebSocket(screen.dataset.url, ["binary"]);
socket.binaryType = "arraybuffer";
const encoder = new TextEncoder();
socket.addEventListener("open", () => { say("connected"); terminal.focus(); });
socket.addEventListener("close", () => say("the connection has ended"));
socket.addEventListener("message", (event) => terminal.write(typeof event.data === "string" ? event.data : new Uint8Array(event.data)));
terminal.onData((text) => { if (socket.readyState === 1) socket.send(encoder.encode(text)); });
document.getElementById("fullscreen").addEventListener("click", () => document.documentElement.requestFullscreen());
document.getElementById("again").addEventListener("click", () => location.reload());
