# The service in one image, for every role: `docker build -t playgrant .`, or deploy/50-image.sh on Google's machines.
# It holds no shop's data: the catalogue is mounted (CATALOG_FILE), settings come from the environment.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN ["npm", "ci", "--ignore-scripts", "--no-progress"]
COPY tsconfig.json ./
COPY src src
COPY scripts scripts
COPY examples/catalog.json examples/
# By this image's own Node, which goes into the last stage: the compile cache is good for one version of Node only.
RUN ["/usr/local/bin/node", "scripts/build.ts"]
# Twice the size of the code, and nothing reads them.
RUN ["find", "dist", "-name", "*.map", "-delete"]

# No shell, no package manager: glibc, certificates and an account that is not root.
FROM gcr.io/distroless/cc-debian12:nonroot
ENV NODE_ENV=production PORT=8080 CATALOG_FILE=/etc/playgrant/catalog.json
WORKDIR /app
COPY --from=build /usr/local/bin/node /usr/local/bin/node
# Says that what lies below is ES modules.
COPY --from=build /app/package.json ./
COPY --from=build /app/dist dist
# All else is in the bundle. Of this package /docs shows two files.
COPY --from=build /app/node_modules/swagger-ui-dist/package.json /app/node_modules/swagger-ui-dist/swagger-ui.css /app/node_modules/swagger-ui-dist/swagger-ui-bundle.js node_modules/swagger-ui-dist/
USER nonroot
EXPOSE 8080
# Node is process 1 and gets SIGTERM itself. `dist/sweep.js all` in place of the command runs the sweeps once.
ENTRYPOINT ["/usr/local/bin/node"]
CMD ["dist/main.js"]
