// Shows the API document with Swagger UI. Nothing that is typed here is stored.
import DOMPurify from "dompurify";
import SwaggerUIBundle from "swagger-ui-dist/swagger-ui-es-bundle.js";

const FORGOTTEN = "Authorize, below, sends it from this page, which forgets it when it is closed.";
const ACCESS = new Map([
  ["api_key", `This API takes an API key: ${FORGOTTEN}`],
  ["cognito", `This API takes the identity token of a person who has signed in: ${FORGOTTEN}`],
  ["iam", "This API takes requests that are signed with AWS credentials. A browser has none: see the examples."],
]);

// Swagger UI sets innerHTML from Markdown of the document, so the policy must be the default one.
const { trustedTypes } = window as unknown as { trustedTypes?: { createPolicy(name: string, rules: object): unknown } };
trustedTypes?.createPolicy("default", { createHTML: (text: string) => DOMPurify.sanitize(text) });

const read = async (path: string): Promise<any> => {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: HTTP ${answer.status}`);
  return answer.json();
};

const show = (id: string, text: string): void => {
  document.getElementById(id)!.textContent = text;
};

try {
  const [config, spec] = await Promise.all([read("config.json"), read("../openapi.json")]);
  show("access", ACCESS.get(config.authentication) ?? "");
  show("url", spec.servers[0].url);
  SwaggerUIBundle({
    dom_id: "#document",
    spec,
    deepLinking: true,
    docExpansion: "list",
    persistAuthorization: false,
    supportedSubmitMethods: config.authentication === "iam" ? [] : ["get", "post"],
    validatorUrl: null,
  });
} catch (error) {
  show("access", `The API document cannot be read: ${error instanceof Error ? error.message : error}. Reload the page.`);
}
