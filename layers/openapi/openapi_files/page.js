"use strict";

const { apis: list, root } = Object.fromEntries(
  [...document.querySelectorAll("meta[name]")].map((each) => [each.name, each.content]),
);
const apis = JSON.parse(list);
const asked = new URLSearchParams(location.search).get("api");
const shown = Object.hasOwn(apis, asked) ? asked : Object.keys(apis)[0];

document.title = `${apis[shown]} · Sortie`;
document.querySelector("nav ul").append(...Object.entries(apis).map(([name, title]) => {
  const link = document.createElement("a");
  link.href = `?api=${name}`;
  link.textContent = title;
  if (name === shown) link.ariaCurrent = "page";
  const item = document.createElement("li");
  item.append(link);
  return item;
}));

const dark = matchMedia("(prefers-color-scheme: dark)");
const dress = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", dress);
dress();

const ui = SwaggerUIBundle({
  dom_id: "#operations",
  url: `${root}openapi/${shown}.json`,
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  responseInterceptor: (response) => useToken(resolveWebhooks(response)),
});

/** Let whoever opens the dialog type the first credential at once. */
new MutationObserver((changes) => {
  const opened = changes.flatMap(({ addedNodes }) => [...addedNodes])
    .find((each) => each instanceof Element && each.matches(".dialog-ux"));
  opened?.querySelector("input")?.focus();
}).observe(document.querySelector("#operations"), { childList: true, subtree: true });

/** Write out a document's webhooks: Swagger UI shows none that are references. */
function resolveWebhooks(response) {
  if (response.ok && response.url.endsWith(`/openapi/${shown}.json`)) {
    const document = JSON.parse(response.text);
    document.webhooks &&= document.components.pathItems;
    response.text = JSON.stringify(document);
  }
  return response;
}

/** Authorize the following requests with a token that the user has just created here. */
function useToken(response) {
  if (response.ok && response.url.endsWith("/v3/auth/token")) {
    ui.preauthorizeApiKey("bearer", response.body.access_token);
  }
  return response;
}
