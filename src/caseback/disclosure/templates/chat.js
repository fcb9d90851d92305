"use strict";
const at = (id) => document.getElementById(id);
const state = { about: null, turns: [], busy: false };

function made(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function say(text, wrong) {
  at("status").textContent = text;
  at("status").className = wrong ? "wrong" : "";
}

function drawDials() {
  for (const dial of state.about.dials) {
    const box = made("div", "dial");
    const row = made("label", "name", dial.name);
    const number = made("input");
    const slider = made("input");
    number.type = "number";
    number.step = "any";
    slider.type = "range";
    slider.min = -dial.most;
    slider.max = dial.most;
    slider.step = dial.most / 80;
    number.value = slider.value = 0;
    slider.setAttribute("aria-label", dial.name);
    slider.addEventListener("input", () => { number.value = Math.round(slider.value * 1000) / 1000; });
    number.addEventListener("input", () => { slider.value = Number(number.value); });
    slider.addEventListener("dblclick", () => { number.value = slider.value = 0; });
    number.dataset.dial = dial.name;
    row.append(number);
    const where = dial.reads === dial.writes ? dial.reads : `read at ${dial.reads}, added at ${dial.writes}`;
    box.append(row, slider, made("p", "small", `${where}; ${dial.unit}`));
    at("dials").append(box);
    at("shown").append(new Option(dial.name, dial.name));
  }
  if (!state.about.dials.length) {
    at("dials").append(made("p", "none", "No dials: start the command with --direction, or --dictionary and --latent."));
    at("zero").hidden = true;
  }
}

function values() {
  const found = {};
  for (const input of document.querySelectorAll("[data-dial]")) found[input.dataset.dial] = Number(input.value);
  return found;
}

// Readings are shaded against the 95th percentile of their size in this conversation: single tokens, the first above
// all, lie far outside and would wash out the rest.
function scale(name) {
  const sizes = state.turns.flatMap((turn) =>
    [turn.readings, turn.steered.readings, turn.plain.readings].flatMap((read) => read[name].map(Math.abs)));
  sizes.sort((a, b) => a - b);
  return sizes[Math.floor(0.95 * (sizes.length - 1))] || 1;
}

function heat(tokens, readings, most) {
  const box = made("p", "tokens");
  tokens.forEach((token, place) => {
    const value = readings[place];
    const part = Math.max(-1, Math.min(1, value / most));
    const span = made("span", "", visible(token));
    span.style.backgroundColor =
      part < 0 ? `rgb(60 110 200 / ${-0.6 * part})` : `rgb(215 110 20 / ${0.65 * part})`;
    span.title = value.toPrecision(3);
    box.append(span);
  });
  return box;
}

function drawReply(name, answer, className, most) {
  const box = made("div", "reply " + className);
  box.append(made("p", "who", name));
  const shown = at("shown").value;
  if (shown) {
    box.append(heat(answer.tokens, answer.readings[shown], most));
  } else {
    if (answer.thinking) box.append(made("div", "thinking", visible(answer.thinking)));
    box.append(made("p", answer.text ? "text" : "text none", visible(answer.text) || "(nothing said)"));
  }
  const moved = Object.entries(answer.moved).map(([dial, share]) => `${dial} moved the stream by ${(100 * share).toFixed(0)} %`);
  if (answer.finish === "length") moved.push("cut at the most tokens");
  if (moved.length) box.append(made("p", "small", moved.join("; ")));
  return box;
}

function draw() {
  const shown = at("shown").value;
  const most = shown && state.turns.length ? scale(shown) : 1;
  at("legend").hidden = !(shown && state.turns.length);
  at("low").textContent = (-most).toPrecision(2);
  at("high").textContent = most.toPrecision(2);
  const drawn = state.turns.map((turn) => {
    const box = made("section", "turn");
    const set = Object.entries(turn.values).map(([name, value]) => `${name} ${value > 0 ? "+" : ""}${value}`);
    const drew = turn.temperature ? `temperature ${turn.temperature}, seed ${turn.seed}` : "greedy";
    box.append(made("p", "said", visible(turn.chat[turn.chat.length - 1].content)));
    box.append(made("p", "set", [...(set.length ? set : ["all dials at 0"]), drew].join(" · ")));
    if (shown) {
      const prompt = made("details", "prompt");
      prompt.append(made("summary", "", "The whole prompt, read without steering"), heat(turn.prompt, turn.readings[shown], most));
      prompt.open = turn === state.turns[state.turns.length - 1];
      box.append(prompt);
    }
    const pair = made("div", "pair");
    pair.append(drawReply("steered", turn.steered, "after", most), drawReply("not steered", turn.plain, "before", most));
    box.append(pair);
    return box;
  });
  at("turns").replaceChildren(...(drawn.length ? drawn : [empty]));
}
const empty = at("empty");

function chatWith(said) {
  const chat = [];
  if (at("system").value.trim()) chat.push({ role: "system", content: at("system").value });
  for (const turn of state.turns) {
    chat.push({ role: "user", content: turn.chat[turn.chat.length - 1].content });
    chat.push({ role: "assistant", content: turn.steered.text });
  }
  return [...chat, { role: "user", content: said }];
}

function busy(now) {
  state.busy = now;
  for (const id of ["send", "undo", "reset", "save"]) at(id).disabled = now;
}

async function ask(said) {
  busy(true);
  say("Answering, steered and not …");
  try {
    const answer = await fetch("turn", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        chat: chatWith(said),
        values: values(),
        temperature: Number(at("temperature").value),
        max_new_tokens: Number(at("max_new_tokens").value),
        seed: Number(at("seed").value),
      }),
    });
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.error);
    state.turns.push(found);
    at("said").value = "";
    say("");
    draw();
    at("turns").lastElementChild.scrollIntoView({ block: "end" });
  } catch (error) {
    say(error instanceof TypeError ? "The server does not answer: was it stopped?" : error.message, true);
  } finally {
    busy(false);
    at("said").focus();
  }
}

at("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const said = at("said").value;
  if (said.trim() && !state.busy) ask(said);
});
at("said").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    at("ask").requestSubmit();
  }
});
at("shown").addEventListener("change", draw);
at("zero").addEventListener("click", () => {
  for (const input of document.querySelectorAll(".dial input")) input.value = 0;
});
at("undo").addEventListener("click", () => {
  const last = state.turns.pop();
  if (last) at("said").value = last.chat[last.chat.length - 1].content;
  draw();
});
at("reset").addEventListener("click", () => {
  state.turns = [];
  draw();
});
at("save").addEventListener("click", () => {
  const { begin, most_tokens, ...about } = state.about;
  const link = made("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify({ ...about, turns: state.turns }, null, 1)], { type: "application/json" }));
  link.download = "chat.json";
  link.click();
  URL.revokeObjectURL(link.href);
});

fetch(document.body.dataset.about || "about").then((answer) => answer.json()).then((about) => {
  state.about = about;
  at("digest").textContent = about.model.slice(0, 19);
  for (const id of ["system", "temperature", "seed", "max_new_tokens"]) at(id).value = about.begin[id];
  at("max_new_tokens").max = about.most_tokens;
  drawDials();
}).catch(() => say("The server does not answer: was it stopped?", true));
