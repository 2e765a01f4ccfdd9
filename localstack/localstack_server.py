"""Runs LocalStack on 127.0.0.1 only.

LocalStack listens on every interface whatever GATEWAY_LISTEN says, and it runs code
that it is sent, so whoever reaches its port reaches this machine.
"""
from twisted.internet import endpoints


class LocalEndpoint(endpoints.TCP4ServerEndpoint):
    def __init__(self, reactor, port, backlog=50, interface="127.0.0.1"):
        super().__init__(reactor, port, backlog, interface)


endpoints.TCP4ServerEndpoint = LocalEndpoint

if __name__ == "__main__":
    from localstack.runtime.main import main

    main()
