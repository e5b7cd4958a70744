/** Modules without types of their own. */
declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  export default function SwaggerUIBundle(options: Record<string, unknown>): void;
}
declare module "@cloudscape-design/global-styles/index.css";
