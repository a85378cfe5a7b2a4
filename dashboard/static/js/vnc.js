// The screen of a server: noVNC over the console proxy.
import RFB from "../vendor/novnc/core/rfb.js";

const screen = document.getElementById("screen");
const state = document.getElementById("console-state");
const rfb = new RFB(screen, screen.dataset.url, { wsProtocols: ["binary"] });
rfb.scaleViewport = true;
rfb.background = "#0b1322";
const say = (text) => { state.textContent = text; document.body.dataset.state = text; };
rfb.addEventListener("connect", () => { say("connected"); rfb.focus(); });
rfb.addEventListener("disconnect", (event) => say(event.detail.clean ? "ended" : "the connection was lost"));
rfb.addEventListener("securityfailure", () => say("refused"));
document.getElementById("ctrl-alt-del").addEventListener("click", () => { rfb.sendCtrlAltDel(); rfb.focus(); });
document.getElementById("fullscreen").addEventListener("click", () => document.documentElement.requestFullscreen());
document.getElementById("again").addEventListener("click", () => location.reload());
