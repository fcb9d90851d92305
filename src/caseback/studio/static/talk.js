// A chat whose replies light up while they come: each part of the stream brings tokens with their scores.
"use strict";
(() => {
  const at = (id) => document.getElementById(id);
  if (!at("talk")) return;
  const stores = JSON.parse(at("talk").dataset.stores);
  const messages = [];
  const replies = [];
  let stopping = null;

  // Tokens such as <|end|> and </s> are scored like any, and are no words.
  const SPECIAL = /^<(\|[^|]*\||\/?(s|bos|eos|pad|unk))>$/;

  function made(tag, className, text) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  }

  function told(text, wrong) {
    at("status").textContent = text;
    at("status").className = wrong ? "wrong" : "";
  }

  // The names of detectors whose scores have come, for the choice of one.
  function known(names) {
    for (const name of names) {
      if (![...at("by").options].some((option) => option.value === name)) at("by").append(new Option(name, name));
    }
    at("scale").hidden = false;
  }

  // How bright a token is: its score as a share of the detector's threshold, or until that is told, of the largest score.
  function level(reply, place, by) {
    const names = by ? [by] : Object.keys(reply.scores);
    let most = 0;
    for (const name of names) {
      const score = (reply.scores[name] || [])[place];
      if (typeof score !== "number") continue;
      const full = reply.thresholds[name] > 0 ? reply.thresholds[name] : Math.max(...reply.scores[name].filter((each) => typeof each === "number"), 1e-9);
      most = Math.max(most, score / full);
    }
    return Math.max(0, Math.min(10, Math.round(10 * most)));
  }

  function shine(reply) {
    const by = at("by").value;
    reply.spans.forEach((span, place) => {
      span.className = "lit-p" + level(reply, place, by);
      span.title = Object.entries(reply.scores).map(([name, all]) => typeof all[place] === "number" ? name + " " + all[place].toPrecision(3) : "").filter(Boolean).join(", ");
    });
  }

  function added(reply, piece) {
    const span = made(SPECIAL.test(piece) ? "small" : "span", "lit-p0", visible(piece));
    reply.spans.push(span);
    reply.text.append(span);
  }

  // One part of the stream.
  function take(reply, part) {
    if (part.error) throw new Error(typeof part.error === "string" ? part.error : part.error.message);
    const delta = part.choices?.[0]?.delta ?? {};
    reply.said += delta.content ?? "";
    const ours = part.caseback;
    if (ours && Array.isArray(ours.tokens)) {
      ours.tokens.forEach((token) => added(reply, token));
      for (const [name, scores] of Object.entries(ours.scores ?? {})) {
        reply.scores[name] = [...(reply.scores[name] ?? Array(reply.spans.length - ours.tokens.length).fill(null)), ...scores];
      }
      known(Object.keys(ours.scores ?? {}));
    } else if (delta.content || delta.reasoning_content) {
      added(reply, (delta.reasoning_content ?? "") + (delta.content ?? ""));
    }
    if (ours?.verdicts) {
      reply.exchange = ours.exchange ?? reply.exchange;
      for (const verdict of ours.verdicts) reply.thresholds[verdict.detector] = verdict.threshold;
      ended(reply, ours.verdicts);
    } else if (ours?.flagged?.length) {
      flags(reply, ours.flagged);
    }
    shine(reply);
  }

  function flags(reply, names) {
    reply.box.classList.toggle("is-flagged", names.length > 0);
    reply.flags.textContent = names.length ? "flagged by " + names.join(", ") : "";
  }

  function ended(reply, verdicts) {
    flags(reply, verdicts.filter((each) => each.flagged).map((each) => each.detector));
    reply.end.replaceChildren();
    for (const each of verdicts) {
      const said = each.score === null ? "not evaluated: " + each.why : each.score.toPrecision(3) + " of " + each.threshold.toPrecision(3);
      reply.end.append(made("span", each.flagged ? "flagged" : "where", each.detector + " " + said));
    }
    if (reply.exchange) {
      for (const store of stores) {
        const link = made("a", "", verdicts.some((each) => each.flagged) ? "the incident" : "the exchange");
        link.href = "/live/" + encodeURIComponent(store) + "/of/" + encodeURIComponent(reply.exchange);
        reply.end.append(link);
      }
    }
  }

  function shown(said) {
    at("empty")?.remove();
    const asked = made("li", "said-by user");
    asked.append(made("p", "who", "you"), made("pre", "", visible(said)));
    const box = made("li", "said-by assistant");
    const reply = { said: "", spans: [], scores: {}, thresholds: {}, exchange: "", box, text: made("p", "tokens"), flags: made("p", "flagged-line"), end: made("p", "verdicts-line") };
    box.append(made("p", "who", "the model"), reply.text, reply.flags, reply.end);
    at("turns").append(asked, box);
    replies.push(reply);
    return reply;
  }

  async function stream(answer, reply) {
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let left = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const lines = (left + value).split("\n");
      left = lines.pop();
      for (const line of lines) {
        const data = line.startsWith("data:") ? line.slice(5).trim() : "";
        if (data && data !== "[DONE]") take(reply, JSON.parse(data));
      }
      reply.box.scrollIntoView({ block: "nearest" });
    }
  }

  function busy(now) {
    at("send").disabled = now;
    at("stop").disabled = !now;
    at("turns").setAttribute("aria-busy", String(now));
  }

  async function say(said) {
    messages.push({ role: "user", content: said });
    const reply = shown(said);
    stopping = new AbortController();
    busy(true);
    told("");
    try {
      const answer = await fetch("/chat/say", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ messages, temperature: Number(at("temperature").value), max_tokens: Number(at("most").value) }), signal: stopping.signal });
      if (!answer.ok) throw new Error((await answer.json()).error);
      await stream(answer, reply);
      if (!reply.box.isConnected) return;
      messages.push({ role: "assistant", content: reply.said });
      at("said").value = "";
    } catch (error) {
      if (!reply.box.isConnected) return;  // begun anew meanwhile
      if (error.name === "AbortError") {
        told("Stopped.");
      } else {
        told(error instanceof TypeError ? "The studio does not answer: was it stopped?" : error.message, true);
      }
      if (reply.said) messages.push({ role: "assistant", content: reply.said });
      else messages.pop();
    } finally {
      busy(false);
      at("said").focus();
    }
  }

  at("say").addEventListener("submit", (event) => {
    event.preventDefault();
    const said = at("said").value;
    if (said.trim() && !at("send").disabled) say(said);
  });
  at("said").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      at("say").requestSubmit();
    }
  });
  at("stop").addEventListener("click", () => stopping?.abort());
  at("by").addEventListener("change", () => replies.forEach(shine));
  at("anew").addEventListener("click", () => {
    stopping?.abort();
    messages.length = 0;
    replies.length = 0;
    at("turns").replaceChildren();
    told("");
  });
})();
