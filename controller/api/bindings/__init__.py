"""What turns the one declaration of an operation into SOAP, GET, POST, REST, WSDL, schemas and help pages.

An interface declares its structures (`model`), its operations (`declaration`) and one of two platforms: ASP.NET web
services (`asmx`) or Windows Communication Foundation (`wcf`). Nothing here knows what an operation does.
"""
