# Two stages: the binary is static and brings the roots that TLS is verified by, so it needs nothing beside it.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY main.go ./
COPY api/ api/
COPY controllers/ controllers/
COPY internal/ internal/
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /clevertap-passcode-operator .

FROM scratch
COPY --from=build /clevertap-passcode-operator /clevertap-passcode-operator
USER 65532:65532
ENTRYPOINT ["/clevertap-passcode-operator"]
