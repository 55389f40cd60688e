import { createRoute } from "@hono/zod-openapi";
import { answerReview } from "../../../use-cases/admin/answer-review.ts";
import { idParamsSchema, reviewAnswerSchema, reviewSchema } from "../../admin-schemas.ts";
import { pageView, reviewView } from "../../admin-views.ts";
import type { HttpPorts } from "../../context.ts";
import { ADMIN, createRouter, json, jsonBody, problems } from "../../openapi.ts";
import { pageOf, pageQuerySchema, pageRequest } from "../../schemas.ts";

const list = createRoute({
  method: "get",
  path: "/v1/admin/refund_reviews",
  summary: "Refunds of which Google wants the shop's view, newest first",
  security: ADMIN,
  request: { query: pageQuerySchema },
  responses: { 200: json(pageOf(reviewSchema, "RefundReviews"), "A page"), ...problems(400, 401, 503) },
});

const answer = createRoute({
  method: "post",
  path: "/v1/admin/refund_reviews/{id}/answer",
  summary: "Tell Google the shop's view; the first one counts",
  security: ADMIN,
  request: { params: idParamsSchema, ...jsonBody(reviewAnswerSchema) },
  responses: {
    200: json(reviewSchema, "The review; `answered_at` is null while Google has not taken it yet"),
    ...problems(400, 401, 404, 409, 413, 503),
  },
});

/** `/v1/admin/refund_reviews`. */
export function reviewRoutes(ports: HttpPorts) {
  const router = createRouter();

  router.openapi(list, async (c) => {
    const page = await ports.desk.listReviews(pageRequest(c.req.valid("query")));
    return c.json(pageView(page, reviewView), 200);
  });

  router.openapi(answer, async (c) => {
    const { preference } = c.req.valid("json");
    const review = await answerReview(ports, c.req.valid("param").id, preference, c.get("admin"));
    return c.json(reviewView(review), 200);
  });

  return router;
}
