// Lines with bounds over time, drawn by uPlot from the JSON that stands beside them in the page.
"use strict";
(() => {
  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  // A time of the axis: the day where a day begins, else the time of day, in UTC.
  function clock(seconds, step) {
    const iso = new Date(seconds * 1000).toISOString();
    return step >= 86400 || iso.slice(11, 19) === "00:00:00" ? iso.slice(5, 10) : iso.slice(11, step < 60 ? 19 : 16);
  }

  function drawn(place) {
    const data = JSON.parse(place.querySelector("script[type='application/json']").textContent);
    const accent = colour("--after");
    if (!data.series.some((each) => each.values.some((value) => value !== null))) return null;
    const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif" };
    const band = data.series.some((each) => each.role === "high");
    const series = data.series.map((each) => ({
      label: each.label,
      stroke: each.role === "value" ? accent : each.role === "budget" ? colour("--worse") : "transparent",
      width: each.role === "value" ? 2 : 1,
      dash: each.role === "budget" ? [6, 4] : undefined,
      points: { show: each.role === "value" && data.x.length < 40, size: 5 },
      value: (_, shown) => (shown === null || shown === undefined ? "–" : shown.toPrecision(3)),
    }));
    // All of the time that was asked for, but for what a person zoomed into. One point alone comes with an end of its own.
    function span(_, low, high) {
      const whole = low === null || (low === data.x[0] && (high === data.x.at(-1) || data.x.length === 1));
      return whole ? [data.since ?? low, data.until ?? high] : [low, high];
    }
    const roles = data.series.map((each) => each.role);
    place.querySelector(".uplot")?.remove();
    return new uPlot({
      width: place.clientWidth,
      height: Number(place.dataset.height || 240),
      cursor: { drag: { x: true, y: false } },
      legend: { live: true },
      scales: { x: { time: true, range: span }, y: { range: (_, low, high) => [0, Math.max(high ?? 0, data.least ?? 0) * 1.05 || 1] } },
      series: [{ label: "UTC", value: (_, at) => (at === null ? "–" : new Date(at * 1000).toISOString().slice(0, 19).replace("T", " ")) }, ...series],
      bands: band ? [{ series: [roles.indexOf("high") + 1, roles.indexOf(roles.includes("low") ? "low" : "value") + 1], fill: accent + "33" }] : [],
      axes: [{ ...axis, space: 70, values: (_, ticks, __, ___, step) => ticks.map((tick) => clock(tick, step)) }, { ...axis, size: 60, values: (_, ticks) => ticks.map((tick) => Number(tick.toPrecision(6)).toString()) }],
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    }, [data.x, ...data.series.map((each) => each.values)], place);
  }

  function all() {
    for (const place of document.querySelectorAll("[data-chart]")) drawn(place);
  }

  addEventListener("DOMContentLoaded", all);
  addEventListener("caseback:theme", all);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
  document.addEventListener("htmx:after:swap", all);
  let soon = 0;
  addEventListener("resize", () => { clearTimeout(soon); soon = setTimeout(all, 100); });
})();
