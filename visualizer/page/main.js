/* Puts the parts together: what tells whom, Dash's callbacks, and the clock that ticks even when no server answers. Every
   other script only hands out what it can do; nothing happens before this one starts it. */
import { placeOf } from "./chart/belonging.js";
import * as chart from "./chart/chart.js";
import { barsInView } from "./chart/table.js";
import * as choosing from "./chart/choosing.js";
import * as contextMenu from "./chart/context-menu.js";
import * as crosshair from "./chart/crosshair.js";
import * as dividers from "./chart/dividers.js";
import * as drawing from "./chart/drawing.js";
import * as drawingKeys from "./chart/drawing-keys.js";
import * as drawings from "./chart/drawings/kept.js";
import * as gestures from "./chart/gestures.js";
import { heatLegend } from "./chart/heat-legend.js";
import { byId, within } from "./dom.js";
import * as frame from "./draw/frame.js";
import * as format from "./format.js";
import * as clockZone from "./playback/clock-zone.js";
import * as folding from "./header/folding.js";
import * as header from "./header/header.js";
import * as keysList from "./header/keys-list.js";
import * as menu from "./header/menu.js";
import * as picker from "./header/picker.js";
import * as keys from "./keys.js";
import * as barsTable from "./panels/bars-table.js";
import * as beside from "./panels/beside.js";
import * as columnEdges from "./panels/column-edges.js";
import * as depth from "./panels/depth.js";
import * as drawMenu from "./panels/draw-menu.js";
import * as exportPanel from "./panels/export-panel.js";
import * as ladder from "./panels/ladder.js";
import * as layoutOptions from "./panels/layout-options.js";
import * as panels from "./panels/registry.js";
import { priceAxis } from "./panels/price-axis.js";
import * as report from "./panels/report.js";
import * as address from "./playback/address.js";
import * as chooser from "./playback/chooser.js";
import * as control from "./playback/control.js";
import * as interval from "./playback/interval.js";
import * as loop from "./playback/loop.js";
import * as overview from "./playback/overview.js";
import * as replay from "./playback/replay.js";
import * as transport from "./playback/transport.js";
import * as news from "./news.js";
import * as poll from "./poll.js";
import * as radios from "./radios.js";
import * as options from "./options.js";
import * as looks from "./looks.js";
import { ask, current, take } from "./state.js";
import * as store from "./store.js";
import * as unit from "./unit.js";
/** @import { Answer, Options, Views } from "./types.d.ts" */

const REFRESH_MS = 200;
const SIGN_IN_AFTER_MS = 3000;
const SIGNED_OUT = 401;

let heardAt = performance.now();
let refreshedAt = performance.now();
let signInAt = heardAt + SIGN_IN_AFTER_MS;
let isBegun = false; // there are components
/** @type {Answer | null} */
let early = null; // what was answered before

/** @param {Answer} answer */
function receive(answer) {
  const isFirst = !current().serverMs;
  heardAt = performance.now();
  signInAt = heardAt + SIGN_IN_AFTER_MS;
  news.answered();
  const reset = Boolean(answer.reset);
  const before = current().about;
  take(answer, Date.now());
  if (isFirst) showChosen(options.options()); // before it there are no components
  else follow();
  const state = current();
  const { dataset } = byId("app");
  const allowed = answer.control ?? dataset.control;
  if ("about" in answer || allowed !== dataset.control) {
    dataset.control = allowed;
    picker.show(state);
    control.receive(state);
  }
  frame.show({ state, changed: new Set(Object.keys(answer)), reset, before });
}

/** @type {ReadonlySet<keyof Views>} */
let asked = new Set();

/* Writes and draws everything again, in one frame: the clock is another zone's, or the page looks otherwise. */
function again() {
  const state = current();
  header.showData(state);
  transport.refresh();
  for (const { take: takeIn, show } of beside.BESIDE) {
    takeIn?.(state, false, state.about);
    show?.(state, false, state.about);
  }
  frame.request();
}

/* Asks for what the chart shows, which depends on the data, too. */
function follow() {
  const wanted = panels.viewsOf(options.options(), current());
  if (wanted.size === asked.size && [...wanted].every((name) => asked.has(name))) return;
  asked = wanted;
  ask("chart", wanted);
}

const OWN = "own"; // what the header calls a layout that is no preset
const MOST_LABEL = 16;
let view = "";

/** Shows in the header what is chosen: a preset, or one more that is none.
 * @param {Readonly<Options>} chosen */
function showView({ preset }) {
  const { own, isLinked } = options.shownFrom();
  const further = own || (isLinked ? "From the link" : "");
  if (view === `${preset} ${further}`) return;
  view = `${preset} ${further}`;
  byId("app").dataset.view = preset;
  const shown = byId("view-own");
  shown.hidden = !further;
  shown.textContent = format.middle(further, MOST_LABEL);
  shown.title = shown.textContent === further ? "" : further;
  radios.show("view", further ? OWN : preset);
}

/** @param {Answer} answer */
function received(answer) {
  if (isBegun) receive(answer);
  else early = answer;
}

/** @param {Readonly<Options>} chosen */
function showChosen(chosen) {
  if (!current().serverMs) return;
  showView(chosen);
  columnEdges.follow(chosen);
  follow();
  chart.optionsChanged();
}

/* Shows the form to sign in where the session has ended, which is why no poll is answered. */
async function signIn() {
  const status = await fetch("/", { method: "HEAD", cache: "no-store" }).then((answer) => answer.status, () => 0);
  if (status === SIGNED_OUT) window.location.replace(address.withoutPlace());
}

function refresh() {
  const now = performance.now();
  // A page that was asleep has heard nothing, and that says nothing about the server.
  if (now - refreshedAt > 2000) heardAt = Math.max(heardAt, now - 1000);
  refreshedAt = now;
  const silentMs = now - heardAt;
  const state = frame.state();
  transport.show(state, header.showTime(state, Date.now(), silentMs));
  // On a busy machine it may take as long until there are components.
  if (now > signInAt && document.getElementById("app")?.dataset.login === "on") {
    signInAt = now + SIGN_IN_AFTER_MS;
    void signIn();
  }
}

/** @param {string} value what was chosen in the header */
function chooseView(value) {
  const { own, isLinked } = options.shownFrom();
  if (options.isPreset(value) && (own || isLinked || value !== options.options().preset)) options.choose(value);
}

/** @param {Event} event */
function clicked(event) {
  if (within(event, "#follow")) chart.follow();
  else if (within(event, "#keys-button")) keysList.open();
}

window.dash_clientside.orderflow = {
  begin: () => {
    isBegun = true;
    if (early) receive(early);
    early = null;
    poll.every(Number(byId("app").dataset.pollMs));
    void poll.ask();
    folding.start();
    return window.dash_clientside.no_update;
  },
};

// What the tests in a browser ask of the page: nothing else does.
window.orderflow = { chart, control, crosshair, depth, drawings, format, interval, ladder, overview, panels, poll, receive, replay, state: current, store };

chart.connect({
  ready: () => {
    gestures.listen();
    dividers.listen();
    crosshair.listen();
    contextMenu.listen();
  },
  painted: crosshair.aim,
  changed: () => {
    crosshair.refresh();
    dividers.refresh();
    drawing.refresh();
  },
});
frame.connect([
  { views: ["status", "problem"], show: header.showData },
  priceAxis,
  { views: ["about"], take: ({ about }) => drawings.enter(about) },
  chart.shown,
  heatLegend,
  ...beside.BESIDE,
  columnEdges.shown,
  { views: ["server_ms"], show: refresh },
  { views: ["server_ms"], show: address.follow },
]);
exportPanel.connect({ printed: chart.printed, placed: () => chart.placed().layout, inView: chart.rowsInView, link: () => address.link() ?? window.location.href });
drawMenu.connect({ choose: choosing.toggle, remove: drawingKeys.remove, clear: drawingKeys.clear, travel: drawingKeys.travel });
replay.connect({ changed: transport.refresh, moved: chart.reveal });
ladder.connect({
  axis: () => chart.axisOf(panels.PRICES),
  stretch: (factor) => chart.scalePanel(panels.PRICES, factor),
  fit: () => chart.fitPanel(panels.PRICES),
});
barsTable.connect(() => {
  const { x, hidden, collapsed } = chart.view;
  const { step } = chart.timeline();
  return x && barsInView(chart.data(), { x, step, absent: [...hidden, ...collapsed], label: chart.label, options: options.options() });
});
loop.connect(transport.refresh);
clockZone.start(() => {
  again();
  address.follow(current());
});
drawings.start(control.say, placeOf);
layoutOptions.connect(drawings);
looks.listen(() => current().serverMs && again()); // before it there are no components
looks.start();
unit.start();
address.start();
chooser.start();
contextMenu.start();
keys.start();
menu.start();
radios.start({ view: chooseView, "cvd-style": (value) => chart.setCvdLine(value === "line") });
document.addEventListener("click", clicked);
poll.connect({ receive: received, asks: news.asks });
news.start(poll);
beside.start();
options.listen(showChosen);
report.start({ show: chart.show, reaches: chart.reaches, shade: chart.setShaded });
setInterval(refresh, REFRESH_MS);

// The first answer is the longest: it travels while Dash asks for the components and makes them.
void poll.ask();

// Dash starts here, not by itself: its first callback needs all of the above.
// eslint-disable-next-line no-new -- it is made for what it does
new window.DashRenderer();
